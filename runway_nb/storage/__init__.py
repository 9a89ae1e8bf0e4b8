"""Where files lie and how they are written: the folders of this package, private and whole."""
