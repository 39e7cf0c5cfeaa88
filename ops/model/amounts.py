"""Reads amounts of money as people and services write them: any currency, digit grouping, decimal mark and sign."""

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from string import digits

from ops.model.money import AsWritten, Money

# Signs that belong to one currency. Without a code, `$`, `kr` or `¥` is ambiguous, so the text is kept as it is.
_UNAMBIGUOUS = {"€": "EUR", "₹": "INR", "₩": "KRW", "R$": "BRL", "zł": "PLN", "₺": "TRY", "₪": "ILS"}
_MINUS = "-\u2212\u2013"
_SPACES = " \u00a0\u202f\u2009"
_GROUPINGS = f".,'\u2019{_SPACES}"
_LONGEST_AFFIX = 6
_LONGEST_TEXT = 80
# Larger amounts are not money, and formatting 1E+999999 would fill the memory.
_LARGEST = Decimal(10) ** 15
_PARTS = re.compile(r"(?P<before>[^0-9]*)(?P<core>[0-9](?:.*[0-9])?)(?P<after>[^0-9]*)", re.DOTALL)
_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?[eE]\+?[0-9]{1,2}", re.ASCII)
_CODE = re.compile(r"[A-Z]{3}", re.ASCII)
# In these currencies, three digits after a mark can be a fraction.
_THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_GROUP = 3


def read_amount(value: object, currency: str, mark: str = "") -> Money | AsWritten:
    """Reads a number or a text, such as `R$1,000.00`, `1.000,00 €`, `₹5,00,000.00`, `($3.20)` or `CHF 1'000`.

    Args:
        value: what a JSON document contains; a float is read as its shortest text, so 26.1 is exact.
        currency: the ISO code of its currency; if it is empty, the text has to name one.
        mark: the decimal mark that other amounts of the same document use (`decimal_mark`), for texts such as `1.000 €`.

    Returns:
        The text as it was written if it cannot be read with certainty.
    """
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        exact = Decimal(str(value))
        return Money(exact, currency) if currency and _is_money(exact) else AsWritten(str(value)[:_LONGEST_TEXT])
    written = _clean(value)
    found = _split(written)
    if found is None:
        return AsWritten(written)
    before, core, after = found
    code = currency or _currency_of(before, after)
    number = _number(core, mark or _default_mark(core, code, has_sign=bool(before or after)))
    if number is None or not code or not _is_money(number):
        return AsWritten(written)
    return Money(-number if _is_negative(written) else number, code)


def decimal_mark(values: Iterable[object]) -> str:
    """Returns the decimal mark that the amounts of one document have in common; empty if they do not show it, or disagree."""
    cores = [found[1] for value in values if isinstance(value, str) and (found := _split(_clean(value))) is not None]
    marks = {mark for core in cores if (mark := _certain_mark(core))}
    return marks.pop() if len(marks) == 1 else ""


def has_sign(value: object) -> bool:
    """Whether the text names a currency, so that it is an amount and not a fraction or a percentage."""
    found = _split(_clean(value))
    return found is not None and bool(found[0] or found[2])


def _clean(value: object) -> str:
    """Returns the text without invisible formatting characters and lone surrogates."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    shown = (letter for letter in text if unicodedata.category(letter) not in ("Cf", "Cs", "Cc"))
    return "".join(shown).strip()[:_LONGEST_TEXT]


def _split(written: str) -> tuple[str, str, str] | None:
    """Returns what is before the number, the number, and what is after it, without signs and spaces; None if it is not an amount."""
    if _PLAIN.fullmatch(written):
        return "", written, ""
    match = _PARTS.fullmatch(written)
    if match is None:
        return None
    before, after = (_affix(match[name]) for name in ("before", "after"))
    if before is None or after is None or (before and after):
        return None
    if ("(" in match["before"]) != (")" in match["after"]):
        return None
    return before, match["core"], after


def _affix(text: str) -> str | None:
    """Returns the currency beside a number; None if the text is something else."""
    bare = text.strip(_SPACES + _MINUS + "()+")
    is_currency = all(letter == "." or letter.isalpha() or unicodedata.category(letter) == "Sc" for letter in bare)
    return bare if is_currency and len(bare) <= _LONGEST_AFFIX else None


def _certain_mark(core: str) -> str:
    """Returns the decimal mark of a number; empty if it has none, or if it could be a grouping."""
    points, commas = core.count("."), core.count(",")
    if points and commas:
        return max(".,", key=core.rfind)
    if points + commas == 0:
        return ""
    used, other = (".", ",") if points else (",", ".")
    if points + commas > 1:
        return other
    whole, _, fraction = core.partition(used)
    is_group = len(fraction) == _GROUP and whole.isdigit() and len(whole) <= _GROUP and not whole.startswith("0")
    return "" if is_group else used


def _default_mark(core: str, currency: str, *, has_sign: bool) -> str:
    """Returns the decimal mark of a number alone; `?` if it is not certain. Azure writes numbers without a currency with a point."""
    certain = _certain_mark(core)
    if certain or not any(each in core for each in ".,"):
        return certain or "."
    is_unclear = has_sign and ("." in core or currency in _THREE_DECIMALS)
    return "?" if is_unclear else "."


def _number(core: str, mark: str) -> Decimal | None:
    """Returns the number, if its groups are in order."""
    if _PLAIN.fullmatch(core):
        return Decimal(core)
    if mark not in (".", ","):
        return None
    whole, _, fraction = core.partition(mark)
    separators = {letter for letter in whole if letter not in digits}
    if fraction and not fraction.isdigit():
        return None
    if separators and not _is_grouped(whole, separators, mark):
        return None
    bare = "".join(letter for letter in whole if letter in digits)
    try:
        return Decimal(f"{bare}.{fraction or '0'}")
    except InvalidOperation:
        return None


def _is_grouped(whole: str, separators: set[str], mark: str) -> bool:
    """Whether groups of three digits, or as in India of two and then three, follow one to three digits."""
    if len(separators) != 1 or mark in separators or not separators <= set(_GROUPINGS):
        return False
    first, *groups, last = whole.split(separators.pop())
    sizes = {len(group) for group in groups}
    return 0 < len(first) <= _GROUP and len(last) == _GROUP and sizes in (set(), {2}, {3})


def _currency_of(before: str, after: str) -> str:
    named = before or after
    return named if _CODE.fullmatch(named) else _UNAMBIGUOUS.get(named, "")


def _is_negative(written: str) -> bool:
    return written.strip().startswith("(") or any(sign in written for sign in _MINUS)


def _is_money(number: Decimal) -> bool:
    return number.is_finite() and abs(number) < _LARGEST
