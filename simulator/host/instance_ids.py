"""Which instance ids Azure takes.

Source: "Instance management in Durable Functions" and the extension's `DurableClient.ValidateInstanceId`.
"""

_MAX_LENGTH = 256
_FORBIDDEN = frozenset("/\\#?")
_FIRST_PRINTABLE, _FIRST_C1, _LAST_C1 = 0x20, 0x7F, 0x9F


class InvalidInstanceIdError(ValueError):
    """An instance id that Azure would refuse."""


def check_instance_id(instance_id: str) -> None:
    r"""Let pass what Azure takes.

    Raises:
        InvalidInstanceIdError: Longer than 256 characters, starting with `@` (an entity), or with `/`, `\\`, `#`, `?`
            or a control character in it.
    """
    if len(instance_id) > _MAX_LENGTH:
        raise InvalidInstanceIdError(
            _refusal(instance_id, f"it has {len(instance_id)} characters, at most 256 are allowed")
        )
    if instance_id.startswith("@"):
        raise InvalidInstanceIdError(_refusal(instance_id, "a leading @ is kept for entities"))
    for character in instance_id:
        code = ord(character)
        if character in _FORBIDDEN or code < _FIRST_PRINTABLE or _FIRST_C1 <= code <= _LAST_C1:
            raise InvalidInstanceIdError(_refusal(instance_id, f"it contains {character!r}"))


def _refusal(instance_id: str, why: str) -> str:
    return (
        f"instance id {instance_id[:60]!r} is refused, as Azure would: {why}; use lower-case letters, digits, . and -"
    )
