"""Applies patches to an object: JSON Merge Patch (RFC 7396), strategic merge patch for lists with keys, JSON Patch (RFC 6902)."""

import copy
import json
from http import HTTPStatus
from typing import cast

from simulator.http_types import HttpRequest, JsonObject
from simulator.kubernetes.status import StatusError, bad

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
# The merge keys for the lists in a node (k8s.io/api/core/v1/types.go).
MERGE_KEYS = {"taints": "key", "conditions": "type", "addresses": "type"}


def patched(document: JsonObject, request: HttpRequest) -> JsonObject:
    """Return an object after applying a request's patch.

    Raises:
        StatusError: 400 (not a patch), 415 (unsupported kind of patch), 422 (a JSON Patch that cannot be applied).
    """
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip()
    try:
        patch: object = json.loads(request.body)
    except ValueError as error:
        raise bad(f"error decoding patch: {error}") from error
    if kind == JSON_PATCH:
        return _json_patched(document, patch)
    if kind not in (MERGE_PATCH, STRATEGIC_PATCH):
        supported = f"{JSON_PATCH}, {MERGE_PATCH}, {STRATEGIC_PATCH}"
        message = f"the body of the request was in an unknown format - accepted media types include: {supported}"
        raise StatusError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message)
    if not isinstance(patch, dict):
        raise bad("error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}")
    return cast("JsonObject", _merged(document, patch, strategic=kind == STRATEGIC_PATCH))


def _merged(target: object, patch: object, *, strategic: bool) -> object:
    if not isinstance(patch, dict):
        return patch
    result: JsonObject = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if strategic and key.startswith("$"):
            continue
        merge_key = MERGE_KEYS.get(key) if strategic else None
        if value is None:
            result.pop(key, None)
        elif merge_key is not None and isinstance(value, list):
            result[key] = _merged_list(result.get(key), value, merge_key)
        else:
            result[key] = _merged(result.get(key), value, strategic=strategic)
    return result


def _merged_list(present: object, patch: list[JsonObject], key: str) -> list[JsonObject]:
    """Merge list elements by key. ``$patch: delete`` removes an element, ``$patch: replace`` removes all others."""
    if any(item.get("$patch") == "replace" for item in patch):
        return [item for item in patch if "$patch" not in item]
    result = [dict(item) for item in present] if isinstance(present, list) else []
    for item in patch:
        found = next((there for there in result if there.get(key) == item.get(key)), None)
        if item.get("$patch") == "delete":
            result = [there for there in result if there is not found]
        elif found is not None:
            found.update(item)
        else:
            result.append(dict(item))
    return result


def _json_patched(document: JsonObject, patch: object) -> JsonObject:
    if not isinstance(patch, list):
        raise bad("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    result = copy.deepcopy(document)
    for step in patch:
        if not isinstance(step, dict):
            raise bad("error decoding patch: an operation is not an object")
        _apply(result, step)
    return result


def _apply(document: JsonObject, step: JsonObject) -> None:
    operation, path = str(step.get("op")), str(step.get("path"))
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]] or [""]
    place: object = document
    for part in parents:
        place = _child(place, part, path)
    if isinstance(place, list):
        _apply_to_list(place, operation, last, step, path)
        return
    if not isinstance(place, dict):
        raise _missing_path(path)
    if operation != "add" and last not in place:
        raise _missing_path(path)
    match operation:
        case "add" | "replace":
            place[last] = step.get("value")
        case "remove":
            del place[last]
        case "test" if place[last] == step.get("value"):
            pass
        case "test":
            raise StatusError(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid", f"testing value {path} failed: test failed")
        case _:
            raise bad(f"Unexpected kind: {operation}")


def _apply_to_list(place: list[object], operation: str, last: str, step: JsonObject, path: str) -> None:
    index = len(place) if last == "-" else int(last) if last.isdigit() else -1
    if not 0 <= index < len(place) + (operation == "add"):
        raise _missing_path(path)
    match operation:
        case "add":
            place.insert(index, step.get("value"))
        case "replace":
            place[index] = step.get("value")
        case "remove":
            del place[index]
        case "test" if place[index] == step.get("value"):
            pass
        case _:
            raise _missing_path(path)


def _child(place: object, part: str, path: str) -> object:
    if isinstance(place, dict) and part in place:
        return place[part]
    if isinstance(place, list) and part.isdigit() and int(part) < len(place):
        return place[int(part)]
    raise _missing_path(path)


def _missing_path(path: str) -> StatusError:
    message = f"the server rejected our request due to an error in our request: doc is missing path: {path}"
    return StatusError(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid", message)
