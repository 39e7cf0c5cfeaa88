"""The errors of API servers that the simulated one does not return."""

import json

import pytest
from kubernetes.client.exceptions import ApiException

from ops.adapters.kubernetes_errors import eviction_answer, refusal_of
from ops.adapters.kubernetes_nodes import _optional_pages
from ops.ports.errors import BusyError, RejectedError


def answer(status: int, message: str) -> ApiException:
    error = ApiException(status=status, reason="")
    error.body = json.dumps({"message": message})
    return error


def invalid(message: str) -> Exception:
    return refusal_of("patching aks-1", answer(422, message))


def test_a_patch_for_another_node_of_the_same_name_is_retried_after_a_new_read() -> None:
    assert isinstance(
        invalid('Node "aks-1" is invalid: metadata.uid: Invalid value: "x": field is immutable'), BusyError
    )


def test_any_other_invalid_patch_is_rejected() -> None:
    assert isinstance(invalid('Node "aks-1" is invalid: spec: Forbidden'), RejectedError)


WEBHOOK = 'admission webhook "keep.example.com" denied the request: it is in use'


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 500])
def test_a_webhook_that_denies_an_eviction_is_never_taken_for_a_pod_that_is_gone(status: int) -> None:
    error = answer(status, WEBHOOK)
    assert eviction_answer(error) is None
    refused = refusal_of("evicting shop/web-0", error)
    assert isinstance(refused, RejectedError)
    assert WEBHOOK in str(refused)


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (404, 'pods "web-0" not found', "gone"),
        (409, "the UID in the precondition does not match", "gone"),
        (429, "Cannot evict pod as it would violate the pod's disruption budget.", "blocked"),
        (429, WEBHOOK, "blocked"),
        (500, "This pod has more than one PodDisruptionBudget", "several"),
        (400, 'admission webhook "w" does not support dry run', "unasked"),
    ],
)
def test_the_answer_to_an_eviction_has_a_meaning(status: int, message: str, kind: str) -> None:
    found = eviction_answer(answer(status, message))
    assert found is not None
    assert (found.kind, found.why) == (kind, message)


@pytest.mark.parametrize("status", [403, 404])
def test_a_list_of_a_kind_that_is_absent_or_denied_is_none(status: int) -> None:
    def refuse(**_: object) -> None:
        raise answer(status, "no")

    assert _optional_pages(refuse, (403, 404)) is None


def test_any_other_error_of_an_optional_list_is_an_error() -> None:
    def refuse(**_: object) -> None:
        raise answer(500, "no")

    with pytest.raises(ApiException):
        _optional_pages(refuse, (403, 404))
