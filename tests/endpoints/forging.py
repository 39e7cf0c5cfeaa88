"""Forgeries of a genuine request to any endpoint: every byte of its body, every header that authenticates it, and its age."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from hypothesis import strategies as st


@dataclass(frozen=True, slots=True)
class Genuine:
    """A request that an endpoint accepts: its body, and the headers that authenticate it."""

    body: bytes
    proof: dict[str, str]


@dataclass(frozen=True, slots=True)
class Forgery:
    """The forged request, and how long after the genuine one it is sent. `how` names the kind of forgery so that kinds can be counted."""

    how: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    late: timedelta = timedelta(0)


# HTTP strips leading and trailing blanks, so they do not alter a header.
_TEXTS = st.text(max_size=80).map(str.strip)


def altered(genuine: Genuine) -> st.SearchStrategy[Forgery]:
    """Forgeries in which one part is changed: a byte, the length, the order, or a header's value, or a header is removed."""
    plain = Forgery("", genuine.body, genuine.proof)
    return st.one_of(_bodies(plain), _headers(plain, tuple(genuine.proof)))


def replayed(genuine: Genuine, after: timedelta) -> st.SearchStrategy[Forgery]:
    """The genuine request, replayed more than `after` later, or sent that much too early."""
    longest = int(timedelta(days=400).total_seconds())
    least = int(after.total_seconds()) + 1
    seconds = st.one_of(st.integers(least, longest), st.integers(-longest, -least))
    plain = Forgery("replayed", genuine.body, genuine.proof)
    return seconds.map(lambda late_s: replace(plain, late=timedelta(seconds=late_s)))


def _bodies(plain: Forgery) -> st.SearchStrategy[Forgery]:
    body = plain.body
    at = st.integers(0, len(body) - 1)

    def changed(position: int, by: int) -> Forgery:
        byte = bytes([body[position] ^ by])
        return replace(plain, how="changed", body=body[:position] + byte + body[position + 1 :])

    def inserted(position: int, extra: bytes) -> Forgery:
        return replace(plain, how="inserted", body=body[:position] + extra + body[position:])

    def truncated(position: int) -> Forgery:
        return replace(plain, how="truncated", body=body[:position])

    def no_text(position: int) -> Forgery:
        return replace(plain, how="not UTF-8", body=body[:position] + b"\xff\xfe" + body[position:])

    return st.one_of(
        st.builds(changed, at, st.integers(1, 255)),
        st.builds(inserted, at, st.binary(min_size=1, max_size=20)),
        st.builds(truncated, at),
        st.builds(no_text, at),
    )


def _headers(plain: Forgery, names: Sequence[str]) -> st.SearchStrategy[Forgery]:
    def changed(name: str, position: int, character: str) -> Forgery:
        value = plain.headers[name]
        where = position % len(value)
        return _with(name, value[:where] + character + value[where + 1 :], "a header changed")

    def other(name: str, value: str) -> Forgery:
        return _with(name, value, "another header")

    def _with(name: str, value: str, how: str) -> Forgery:
        # An identical value is not a forgery, so a header that authenticates it is removed instead.
        headers = {**plain.headers, name: value if value != plain.headers[name] else ""}
        return replace(plain, how=how, headers=headers)

    def missing(name: str) -> Forgery:
        kept = {each: value for each, value in plain.headers.items() if each != name}
        return replace(plain, how="a header missing", headers=kept)

    which = st.sampled_from(names)
    return st.one_of(
        st.builds(changed, which, st.integers(0, 500), st.characters()),
        st.builds(other, which, st.one_of(_TEXTS, st.integers().map(str), st.just("9" * 400), st.just("9" * 5_000))),
        st.builds(missing, which),
    )
