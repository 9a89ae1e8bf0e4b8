"""The remote API and nothing else: its calls, its answers as frozen values, and its files.

Nothing here knows jobs, the ledger or a notebook.
"""
