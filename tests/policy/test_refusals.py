"""What external systems' refusals mean."""

import pytest

from ops.model.refusal import Answer, RefusalKind, System
from ops.policy.refusals import classify

AZURE, KUBERNETES = System.AZURE, System.KUBERNETES


@pytest.mark.parametrize(
    ("answer", "kind", "remedy"),
    [
        (
            Answer(AZURE, 409, "OperationNotAllowed", "Another operation (Upgrading) is in progress"),
            RefusalKind.BUSY,
            "",
        ),
        (Answer(AZURE, 400, "OperationNotAllowed", "There is an in progress operation"), RefusalKind.BUSY, ""),
        (Answer(AZURE, 409, "EtagMismatch"), RefusalKind.BUSY, ""),
        (Answer(AZURE, 409, "ScopeLocked", "The scope is locked"), RefusalKind.LASTING, "remove the lock"),
        (Answer(AZURE, 409, "ReadOnlyDisabledSubscription"), RefusalKind.LASTING, "enable the subscription"),
        (Answer(AZURE, 409, "ResourceGroupBeingDeleted"), RefusalKind.LASTING, "being deleted"),
        (
            Answer(AZURE, 409, "OperationNotAllowed", "the cluster is in a failed state"),
            RefusalKind.LASTING,
            "repair it",
        ),
        (
            Answer(AZURE, 409, "OperationNotAllowed", "exceeding approved Total Cores quota"),
            RefusalKind.LASTING,
            "quota",
        ),
        (
            Answer(AZURE, 409, "OperationNotAllowed", "not allowed for nodeProvisioningProfile.mode 'Auto'"),
            RefusalKind.LASTING,
            "does not support",
        ),
        (Answer(AZURE, 403, "AuthorizationFailed"), RefusalKind.DENIED, "assign the role"),
        (Answer(AZURE, 403, "DenyAssignmentAuthorizationFailed"), RefusalKind.LASTING, "deny assignment"),
        (Answer(AZURE, 403, "RequestDisallowedByPolicy"), RefusalKind.LASTING, "Azure Policy"),
        (Answer(AZURE, 401), RefusalKind.DENIED, "assign the role"),
        (
            Answer(AZURE, 400, "BadRequest", "in Power State(Stopped), stopping cannot be performed"),
            RefusalKind.ALREADY,
            "",
        ),
        (Answer(AZURE, 404, "ResourceNotFound"), RefusalKind.GONE, ""),
        (Answer(AZURE, 0, "AKSOperationPreemptedByDelete"), RefusalKind.GONE, ""),
        (Answer(AZURE, 0, "AKSOperationPreempted"), RefusalKind.BUSY, ""),
        (Answer(AZURE, 429, "TooManyRequests"), RefusalKind.THROTTLED, ""),
        (Answer(AZURE, 0, "SubscriptionRequestsThrottled"), RefusalKind.THROTTLED, ""),
        (Answer(AZURE, 503, "ServiceUnavailable"), RefusalKind.TRANSIENT, ""),
        (Answer(AZURE, 408), RefusalKind.TRANSIENT, ""),
        (Answer(AZURE, 400, "InvalidParameter"), RefusalKind.LASTING, "activity log"),
        (Answer(KUBERNETES, 403, "NamespaceTerminating", "is being terminated"), RefusalKind.BUSY, ""),
        (Answer(KUBERNETES, 403, "Forbidden", "cannot list nodes"), RefusalKind.DENIED, "ClusterRole"),
        (
            Answer(KUBERNETES, 403, "Forbidden", 'admission webhook "a.b" denied the request: no'),
            RefusalKind.LASTING,
            "admission webhook",
        ),
        (Answer(KUBERNETES, 500, "InternalError", 'failed calling webhook "a.b"'), RefusalKind.TRANSIENT, ""),
        (Answer(KUBERNETES, 404, "NotFound"), RefusalKind.GONE, ""),
        (Answer(KUBERNETES, 409, "Conflict"), RefusalKind.BUSY, ""),
        (Answer(KUBERNETES, 429, "TooManyRequests"), RefusalKind.THROTTLED, ""),
        (Answer(KUBERNETES, 422, "Invalid"), RefusalKind.LASTING, ""),
    ],
    ids=lambda value: (
        f"{value.system} {value.status} {value.code} {value.text[:20]}" if isinstance(value, Answer) else ""
    ),
)
def test_an_answer_is_classified_by_its_code_text_and_status(answer: Answer, kind: RefusalKind, remedy: str) -> None:
    refusal = classify(answer)
    assert refusal.kind is kind
    assert remedy in refusal.remedy
    assert bool(refusal.remedy) == bool(remedy)
    assert (refusal.text, refusal.code) == (answer.text, answer.code or str(answer.status))
