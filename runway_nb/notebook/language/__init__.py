"""What is typed: options, templates, names of pictures; and the cell that asks for a request."""
