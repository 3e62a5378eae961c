"""Run folders: what was settled, from what, and whether it still comes out the same."""
