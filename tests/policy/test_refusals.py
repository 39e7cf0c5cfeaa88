"""What external systems' refusals mean."""

import pytest

from ops.model.refusal import Answer, Refusal, RefusalKind, System
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
        (Answer(AZURE, 0, "AKSRequestsThrottled"), RefusalKind.THROTTLED, ""),
        (Answer(AZURE, 0, "TooManyRequests"), RefusalKind.THROTTLED, ""),
        (Answer(AZURE, 429), RefusalKind.THROTTLED, ""),
        (Answer(AZURE, 429, "OperationNotAllowed"), RefusalKind.THROTTLED, ""),
        (
            Answer(AZURE, 400, "BadRequest", "in power state(running):\nstarting cannot be performed"),
            RefusalKind.ALREADY,
            "",
        ),
        (
            Answer(AZURE, 400, "BadRequest", "PowerState(Stopped), stopping cannot be performed"),
            RefusalKind.ALREADY,
            "",
        ),
        (Answer(AZURE, 0, "DisabledSubscription"), RefusalKind.LASTING, "enable the subscription"),
        (Answer(AZURE, 404, "SubscriptionNotFound"), RefusalKind.LASTING, "enable the subscription"),
        (Answer(AZURE, 409, "resourcegroupbeingdeleted"), RefusalKind.LASTING, "being deleted"),
        (
            Answer(AZURE, 409, "OperationNotAllowed", "the pool's provisioning state is Failed"),
            RefusalKind.LASTING,
            "repair it",
        ),
        (Answer(AZURE, 409, "OperationNotAllowed", "failed provisioning state"), RefusalKind.LASTING, "repair it"),
        (Answer(AZURE, 400, "Other", "the cluster is in a failed state"), RefusalKind.LASTING, "activity log"),
        (Answer(AZURE, 400, "Other", "the quota is exceeded"), RefusalKind.LASTING, "activity log"),
        (
            Answer(AZURE, 409, "OperationNotAllowed", "node auto-provisioning is enabled"),
            RefusalKind.LASTING,
            "does not support",
        ),
        (
            Answer(AZURE, 409, "OperationNotAllowed", "scale down mode is Deallocate: deallocated nodes"),
            RefusalKind.LASTING,
            "does not support",
        ),
        (Answer(AZURE, 400, "Other", "deallocated nodes"), RefusalKind.LASTING, "activity log"),
        (Answer(AZURE, 0, "PodDrainFailure"), RefusalKind.LASTING, "a pod could not be drained"),
        (Answer(AZURE, 0, "UnsatisfiablePDB"), RefusalKind.LASTING, "never allows an eviction"),
        (Answer(AZURE, 0, "UpgradeFailed"), RefusalKind.LASTING, "that AKS names above"),
        (Answer(AZURE, 0, "QuotaExceeded"), RefusalKind.LASTING, "quota is too low for the surge node"),
        (Answer(AZURE, 409, "SKUNotAvailable"), RefusalKind.LASTING, "VM size is not available"),
        (Answer(AZURE, 409, "AllocationFailed"), RefusalKind.LASTING, "no capacity: try again"),
        (
            Answer(AZURE, 409, "OverconstrainedAllocationRequest"),
            RefusalKind.LASTING,
            "no capacity for these constraints",
        ),
        (Answer(AZURE, 0, "SubnetIsFull"), RefusalKind.LASTING, "no address for a surge node"),
        (Answer(AZURE, 0, "InsufficientSubnetSize"), RefusalKind.LASTING, "subnet is too small"),
        (Answer(AZURE, 0, "AnotherOperationInProgress"), RefusalKind.BUSY, ""),
        (Answer(AZURE, 409), RefusalKind.BUSY, ""),
        (Answer(AZURE, 412, "PreconditionFailed"), RefusalKind.BUSY, ""),
        (Answer(AZURE, 410), RefusalKind.GONE, ""),
        (Answer(AZURE, 403), RefusalKind.DENIED, "assign the role"),
        (Answer(AZURE, 0, "AuthorizationFailed"), RefusalKind.DENIED, "assign the role"),
        (Answer(AZURE, 0, "LinkedAuthorizationFailed"), RefusalKind.DENIED, "assign the role"),
        (Answer(AZURE, 500), RefusalKind.TRANSIENT, ""),
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
        (
            Answer(KUBERNETES, 403, "Forbidden", "ValidatingAdmissionPolicy 'a' with binding 'b' denied request: no"),
            RefusalKind.LASTING,
            "admission webhook",
        ),
        (Answer(KUBERNETES, 500, "InternalError", 'failed calling webhook "a.b"'), RefusalKind.TRANSIENT, ""),
        (Answer(KUBERNETES, 400, "BadRequest", 'failed calling webhook "a.b"'), RefusalKind.TRANSIENT, ""),
        (Answer(KUBERNETES, 401, "Unauthorized"), RefusalKind.DENIED, "ClusterRole"),
        (Answer(KUBERNETES, 410, "Gone"), RefusalKind.GONE, ""),
        (Answer(KUBERNETES, 422, "Invalid", "metadata.uid: field is immutable"), RefusalKind.BUSY, ""),
        (Answer(KUBERNETES, 400, "BadRequest", "metadata.uid: cannot be read"), RefusalKind.LASTING, ""),
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


def test_an_answer_without_code_and_status_has_an_empty_code_and_is_lasting() -> None:
    assert classify(Answer(KUBERNETES, text="broken")) == Refusal(RefusalKind.LASTING, "", "broken")
