"""`%%runway` and `%runway`."""
