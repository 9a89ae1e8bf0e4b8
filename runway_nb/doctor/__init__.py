"""What may be wrong with an installation, looked at part by part: each part gives a line, and none stops the others.

It spends nothing and sends nothing but GETs. What it reports may be pasted in public.
"""
