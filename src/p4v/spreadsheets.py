"""Texts that a spreadsheet would run as a formula: with a quote before them they are words again."""

_SIGNS = ("=", "+", "-", "@", "\t", "\r")
SIGNS = "= + - @, a tab or a carriage return"


def is_formula(text: str) -> bool:
    """Whether a spreadsheet may take a text for a formula. A number with its sign is one too: ask for texts alone.

    >>> is_formula("=A1"), is_formula("-2"), is_formula("A1"), is_formula("")
    (True, True, False, False)
    """
    return text.startswith(_SIGNS)


def safe_text(text: str) -> str:
    """A text cell that no spreadsheet takes for a formula.

    >>> safe_text("@SUM(A1)"), safe_text("a-b")
    ("'@SUM(A1)", 'a-b')
    """
    return f"'{text}" if is_formula(text) else text
