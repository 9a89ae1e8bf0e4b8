"""The panel: its parts, and the preview of the camera move."""
