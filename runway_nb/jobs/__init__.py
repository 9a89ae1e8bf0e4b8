"""From a request to a file on disk: what may be sent, the steps of a job in their order, and its handle.

Nothing here knows how a job is shown.
"""
