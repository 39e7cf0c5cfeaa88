"""Checks whether Azure would accept an instance id.

Source: "Instance management in Durable Functions" and the extension's `DurableClient.ValidateInstanceId`.
"""

_MAX_LENGTH = 256
_FORBIDDEN = frozenset("/\\#?")
_FIRST_PRINTABLE, _FIRST_C1, _LAST_C1 = 0x20, 0x7F, 0x9F


class InvalidInstanceIdError(ValueError):
    """Azure would reject the instance id."""


def check_instance_id(instance_id: str) -> None:
    r"""Check that Azure accepts an instance id.

    Raises:
        InvalidInstanceIdError: longer than 256 characters, starts with `@` (an entity), or contains `/`, `\\`, `#`, `?`
            or a control character.
    """
    if len(instance_id) > _MAX_LENGTH:
        raise InvalidInstanceIdError(
            _refusal(instance_id, f"it has {len(instance_id)} characters, at most 256 are allowed")
        )
    if instance_id.startswith("@"):
        raise InvalidInstanceIdError(_refusal(instance_id, "a leading @ is reserved for entities"))
    for character in instance_id:
        code = ord(character)
        if character in _FORBIDDEN or code < _FIRST_PRINTABLE or _FIRST_C1 <= code <= _LAST_C1:
            raise InvalidInstanceIdError(_refusal(instance_id, f"it contains {character!r}"))


def _refusal(instance_id: str, why: str) -> str:
    return f"instance id {instance_id[:60]!r} is invalid on Azure: {why}; use lower-case letters, digits, . and -"
