"""What was asked, paid and received: on disk before it matters.

One SQLite file for all kernels of a machine.
"""
