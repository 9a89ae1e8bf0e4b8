"""The simulator of the remote API."""
