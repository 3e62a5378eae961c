"""Exact arithmetic on many members at once: numpy `int64`, every product and sum checked, `Fraction` after the sum."""
