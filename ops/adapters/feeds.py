"""Calendar feeds over https."""


def fetch(url: str) -> bytes:
    """The calendar at an address. Raises FeedError, which names no part of the address: it may hold a word that opens it."""
    import httpx

    from ops.config import FeedError

    try:
        response = httpx.get(url, timeout=20, follow_redirects=True)
        response.raise_for_status()
    except httpx.HTTPStatusError as error:
        raise FeedError(f"it cannot be fetched: its server answers {error.response.status_code}") from error
    except httpx.InvalidURL as error:
        raise FeedError(f"its address cannot be used: {error}") from error
    except httpx.HTTPError as error:
        raise FeedError(f"it cannot be fetched: {str(error) or type(error).__name__}") from error
    return response.content
