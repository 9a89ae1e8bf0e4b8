"""How a simulated task becomes an MP4 file."""
