"""Live cards, and the durable result that replaces them."""
