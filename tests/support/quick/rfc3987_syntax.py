"""Not there, for processes that read notebooks: the real one builds grammars at its import, for seconds.

jsonschema does without it, and no schema of a notebook has a format that it would check. This folder is for PYTHONPATH.
"""

raise ImportError("left out of tests")
