"""Label selectors in the syntax of ``kubectl``: ``a=b,c!=d,e in (f,g),h,!i``."""

import re
from collections.abc import Mapping

_SPLIT = re.compile(r",(?![^(]*\))")
_SET = re.compile(r"^(\S+)\s+(in|notin)\s+\(([^)]*)\)$")
_EQUAL = re.compile(r"^([^\s=!]+)\s*(==|=|!=)\s*([^\s=!]*)$")
_EXISTS = re.compile(r"^(!?)\s*([\w./-]+)$")


class SelectorError(ValueError):
    """A selector is invalid."""


def matches(labels: Mapping[str, str], selector: str) -> bool:
    """Whether labels meet every requirement in a selector.

    Raises:
        SelectorError: the selector is invalid.
    """
    return all(_fulfils(labels, part.strip()) for part in _SPLIT.split(selector) if part.strip())


def _fulfils(labels: Mapping[str, str], requirement: str) -> bool:
    if found := _SET.match(requirement):
        key, operator, listed = found.groups()
        return (labels.get(key) in [value.strip() for value in listed.split(",")]) == (operator == "in")
    if found := _EQUAL.match(requirement):
        key, operator, value = found.groups()
        return (labels.get(key) == value) == (operator != "!=")
    if found := _EXISTS.match(requirement):
        return (found.group(2) in labels) == (not found.group(1))
    raise SelectorError(f"unable to parse requirement: {requirement!r}")
