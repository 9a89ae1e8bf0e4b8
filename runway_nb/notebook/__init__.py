"""Everything that knows Jupyter. Nothing here is imported before it is needed."""
