"""Pure functions from jobs and assets to `text/html` and `text/plain`."""
