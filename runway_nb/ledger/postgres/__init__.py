"""The ledger's second engine: PostgreSQL, for several machines with one account.

What psycopg and the server raise, say and need stays in here; the ledger sees a `Database`.
"""
