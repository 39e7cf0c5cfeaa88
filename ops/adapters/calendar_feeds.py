"""Reads calendar feeds over https."""

from ops.adapters.http_client import TooLargeError, get

_TIMEOUT_S = 20
_MOST_BYTES = 8_000_000
_MOST_CHARACTERS = 100


def fetch(url: str) -> bytes:
    """Returns the calendar at an address.

    Raises:
        FeedError: the calendar cannot be fetched. The text omits the address, which can contain a secret.
    """
    import httpx

    from ops.config import FeedError

    try:
        return get(url, timeout_s=_TIMEOUT_S, most_bytes=_MOST_BYTES, follow_redirects=True)
    except httpx.HTTPStatusError as error:
        raise FeedError(f"it cannot be fetched: its server answers {error.response.status_code}") from error
    except httpx.InvalidURL as error:
        raise FeedError("its address cannot be used") from error
    except httpx.HTTPError as error:
        raise FeedError(f"it cannot be fetched: {_brief(error)}") from error
    except TooLargeError as error:
        raise FeedError(f"it cannot be fetched: it is larger than {_MOST_BYTES // 1_000_000} MB") from error


def _brief(error: Exception) -> str:
    """Returns the cause, shortened because the text can quote a broken response of any length."""
    text = str(error) or type(error).__name__
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)[:_MOST_CHARACTERS]
