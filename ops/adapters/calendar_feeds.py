"""Calendar feeds over https."""

from collections.abc import Iterable

_TIMEOUT_S = 20
_MOST_BYTES = 8_000_000
_MOST_LETTERS = 100


def fetch(url: str) -> bytes:
    """The calendar at an address. Raises FeedError, which names no part of the address: it may hold a word that opens it."""
    import httpx

    from ops.config import FeedError

    try:
        with httpx.stream("GET", url, timeout=_TIMEOUT_S, follow_redirects=True) as response:
            response.raise_for_status()
            return _read(response.iter_bytes())
    except httpx.HTTPStatusError as error:
        raise FeedError(f"it cannot be fetched: its server answers {error.response.status_code}") from error
    except httpx.InvalidURL as error:
        raise FeedError("its address cannot be used") from error
    except httpx.HTTPError as error:
        raise FeedError(f"it cannot be fetched: {_words(error)}") from error


def _words(error: Exception) -> str:
    """What went wrong, in brief: a broken answer is quoted in it, at any length."""
    text = str(error) or type(error).__name__
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)[:_MOST_LETTERS]


def _read(pieces: Iterable[bytes]) -> bytes:
    """All of it, where that is not too much."""
    from ops.config import FeedError

    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > _MOST_BYTES:
            raise FeedError(f"it cannot be fetched: it has more than {_MOST_BYTES // 1_000_000} MB")
    return bytes(content)
