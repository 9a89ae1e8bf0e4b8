"""Text for people and machines: what of it can be shown, and where it stands."""
