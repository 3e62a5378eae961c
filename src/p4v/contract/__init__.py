"""Contracts as data: YAML with positions, dated terms, and the terms in force on a day."""
