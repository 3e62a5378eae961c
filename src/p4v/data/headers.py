"""Headers told apart from the cells of a table that has none, because a message repeats a name, but never a cell.

A CSV that was saved without its header, or a frame made from one, has a member's first row where names belong.
"""

from collections.abc import Sequence

from p4v.errors import Finding

_SIGNS = frozenset(" _.-/()#%&")
_MOST_CHARACTERS, _MOST_DIGITS, _FEWEST_LETTERS = 64, 2, 3
"""What a name has. An id mostly has more digits, or fewer letters beside them."""


def looks_like_data(header: str) -> bool:
    """Whether this is an amount, another number, a day or a month: digits, and no letters."""
    return any(sign.isdigit() for sign in header) and not any(sign.isalpha() for sign in header)


def shown_name(headers: Sequence[str], place: int) -> str | None:
    """The header at a place, from 1, as a message may repeat it: nothing where it could be a cell."""
    header = headers[place - 1]
    sound = _plausible(header) and not any(looks_like_data(other) for other in headers)
    return header if sound else None


def shown_names(headers: Sequence[str]) -> list[str]:
    """The headers that a message may repeat."""
    return [name for place in range(1, len(headers) + 1) if (name := shown_name(headers, place)) is not None]


def _plausible(header: str) -> bool:
    digits, letters = (sum(map(kind, header)) for kind in (str.isdigit, str.isalpha))
    return (
        len(header) <= _MOST_CHARACTERS
        and header[:1].isidentifier()
        and all(sign.isalnum() or sign in _SIGNS for sign in header)
        and digits <= (_MOST_DIGITS if letters >= _FEWEST_LETTERS else 0)
    )


def no_header(shown: str, line: int | None, place: int | None = None) -> Finding:
    """One finding for a table whose first line has no names, or has something else at a place."""
    found = "no header" if place is None else "no header, or one with a number, day or month for a name"
    allowed = "a header with names that are known or bound"
    remedy = "put the names of the columns there; if they are other names, bind them under `columns`"
    return Finding("P4V-D004", shown, found, allowed, line=line, column=place if line else None, help=remedy)


def header_fault(
    headers: Sequence[str], unknown: Sequence[int], shown: str, line: int | None, known: bool
) -> Finding | None:
    """What says that a table has no header: no name in it is known, or one of the unknown looks like data."""
    if not known:
        return no_header(shown, line)
    place = next((place for place in unknown if looks_like_data(headers[place - 1])), None)
    return None if place is None else no_header(shown, line, place)


def unasked(headers: Sequence[str], place: int, shown: str, line: int | None, remedy: str) -> Finding:
    """A column that is neither bound nor ignored: by its name, or where that could be a cell by its number."""
    name = shown_name(headers, place)
    found = "a column that nobody asked for" if name else f"column {place}, which nobody asked for"
    allowed = "a column that is bound, or ignored by name"
    return Finding("P4V-D011", shown, found, allowed, name, line, place if line else None, help=remedy)
