"""Reasons that people give for a decision, read alike at every door."""

from ops.model.approval import LONGEST_REASON


class LongReasonError(ValueError):
    """A reason that is longer than what is kept; the text is for its sender. It is not cut: a reason says what it means or nothing."""


def read_reason(text: str) -> str:
    """One line of printable text. Raises LongReasonError."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    shown = " ".join(shown.split())
    if len(shown) > LONGEST_REASON:
        raise LongReasonError(
            f"the reason is longer than {LONGEST_REASON} characters, so nothing is decided: shorten it"
        )
    return shown
