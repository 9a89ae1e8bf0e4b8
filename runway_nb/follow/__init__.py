"""`python -m runway_nb follow`: takes over the jobs whose kernels are gone, and does nothing else.

A process without a notebook, for a machine that is always there. It sends nothing.
"""
