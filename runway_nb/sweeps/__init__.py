"""Many variants of one request: which there are, what they cost, submitting them, and what becomes of all together."""
