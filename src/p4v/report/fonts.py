"""The font of a statement, carried in the page itself."""

from base64 import b64encode
from functools import lru_cache

from p4v.resources import resource


@lru_cache(maxsize=1)
def font_data() -> str:
    """Inter, Latin letters, as base64."""
    return b64encode(resource("reports", "fonts", "inter-latin.woff2").read_bytes()).decode()
