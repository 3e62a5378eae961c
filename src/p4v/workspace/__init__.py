"""A workspace: a folder whose `p4v.yaml` says where contracts, tables and runs lie, and what settles them at once."""
