"""Bodies in the API server's protobuf form, which kubectl sends for the kinds that are built in.

Source: Kubernetes API concepts, "Protobuf encoding" (a prefix, then `runtime.Unknown`), and generated.proto of
k8s.io/api/authorization/v1. Only the strings and messages of the reviews are decoded.
"""

from collections.abc import Iterator, Mapping

from simulator.http_types import HttpRequest, JsonObject
from simulator.kubernetes.status import bad

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_RAW, _SPEC, _RESOURCE = 2, 2, 1
_ATTRIBUTES = {1: "namespace", 2: "verb", 3: "group", 4: "version", 5: "resource", 6: "subresource", 7: "name"}
_BYTES = 2
_MORE = 0x80


def access_review_of(request: HttpRequest) -> JsonObject:
    """Return a SelfSubjectAccessReview, from JSON or protobuf.

    Raises:
        StatusError: 400, the body is neither.
    """
    if not is_protobuf(request):
        return request.document()
    if not request.body.startswith(_MAGIC):
        raise bad("the body does not start with the prefix of the protobuf encoding")
    spec = _fields(_fields(_fields(request.body[len(_MAGIC) :]).get(_RAW, b"")).get(_SPEC, b""))
    texts = {name: value.decode() for name, value in _named(_fields(spec.get(_RESOURCE, b"")))}
    return {"spec": {"resourceAttributes": texts}}


def is_protobuf(request: HttpRequest) -> bool:
    """Whether the body is in this form."""
    return request.headers.get("Content-Type", "").startswith(CONTENT_TYPE)


def _named(fields: Mapping[int, bytes]) -> Iterator[tuple[str, bytes]]:
    return ((_ATTRIBUTES[number], value) for number, value in fields.items() if number in _ATTRIBUTES)


def _fields(message: bytes) -> dict[int, bytes]:
    """Return the strings and messages in a message, by field number.

    Raises:
        StatusError: 400, it has other types, which the reviews do not use.
    """
    found: dict[int, bytes] = {}
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        if key & 7 != _BYTES:
            raise bad(f"wire type {key & 7} is not simulated")
        length, at = _varint(message, at)
        found[key >> 3] = message[at : at + length]
        at += length
    return found


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message):
        byte = message[at]
        value, shift, at = value | (byte & ~_MORE) << shift, shift + 7, at + 1
        if not byte & _MORE:
            return value, at
    raise bad("the body ends within a number")
