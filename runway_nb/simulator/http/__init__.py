"""The simulator on the wire: routes, answers, downloads, callbacks and its control path."""
