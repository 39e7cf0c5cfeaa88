"""The errors of API servers that the simulated one does not return."""

import json

from kubernetes.client.exceptions import ApiException

from ops.adapters.kubernetes_nodes import _refusal
from ops.ports.errors import BusyError, RejectedError


def invalid(message: str) -> Exception:
    error = ApiException(status=422, reason="Unprocessable Entity")
    error.body = json.dumps({"message": message})
    return _refusal("patching aks-1", error)


def test_a_patch_for_another_node_of_the_same_name_is_retried_after_a_new_read() -> None:
    assert isinstance(
        invalid('Node "aks-1" is invalid: metadata.uid: Invalid value: "x": field is immutable'), BusyError
    )


def test_any_other_invalid_patch_is_rejected() -> None:
    assert isinstance(invalid('Node "aks-1" is invalid: spec: Forbidden'), RejectedError)
