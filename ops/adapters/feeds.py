"""Calendar feeds over https."""


def fetch(url: str) -> bytes:
    """The calendar at an address. Raises FeedError."""
    import httpx

    from ops.config import FeedError

    try:
        response = httpx.get(url, timeout=20, follow_redirects=True)
        response.raise_for_status()
    except httpx.HTTPError as error:
        raise FeedError(f"reading {url}: {error}") from error
    return response.content
