"""The one classifier of refusals: from status, code and text to what Daytwo does about it.

Sources: the ARM and AKS error codes in the Microsoft documentation ("Troubleshoot common Azure deployment errors", "AKS
troubleshooting"), and the `Status` object of the Kubernetes API conventions.
"""

import re
from http import HTTPStatus
from typing import NamedTuple

from ops.model.refusal import Answer, Refusal, RefusalKind, System

_ROLE = "assign the role in the deployment guide to the bot's identity"
_CLUSTER_ROLE = "bind the ClusterRole in the deployment guide to the bot's identity"
_ASK_AZURE = "find the operation in the activity log, fix the cause, then start the run again"


class _Rule(NamedTuple):
    """One rule: it applies if the code and the text match. An empty `codes` or `text` matches everything."""

    kind: RefusalKind
    remedy: str = ""
    codes: tuple[str, ...] = ()
    text: str = ""
    statuses: tuple[int, ...] = ()


_LASTING, _BUSY = RefusalKind.LASTING, RefusalKind.BUSY

# The first rule that applies counts, so exceptions come before what they are an exception to.
_AZURE = (
    _Rule(RefusalKind.THROTTLED, codes=("SubscriptionRequestsThrottled", "AKSRequestsThrottled", "TooManyRequests")),
    _Rule(RefusalKind.THROTTLED, statuses=(429,)),
    _Rule(RefusalKind.ALREADY, text=r"power ?state\((stopped|running)\).*cannot be performed"),
    _Rule(_LASTING, "remove the lock, or ask its owner", ("ScopeLocked",)),
    _Rule(
        _LASTING,
        "enable the subscription again",
        ("ReadOnlyDisabledSubscription", "DisabledSubscription", "SubscriptionNotFound"),
    ),
    _Rule(
        _LASTING,
        "the resource group is being deleted: remove the cluster from the fleet",
        ("ResourceGroupBeingDeleted",),
    ),
    _Rule(
        _LASTING,
        "a deny assignment forbids it, and no role helps: ask its owner",
        ("DenyAssignmentAuthorizationFailed",),
    ),
    _Rule(
        _LASTING,
        "an Azure Policy forbids it, and no role helps: ask the policy's owner",
        ("RequestDisallowedByPolicy",),
    ),
    _Rule(
        _LASTING,
        "the cluster or pool is in a failed state: repair it (for example with `az aks update`), then start the run again",
        ("OperationNotAllowed",),
        r"failed (provisioning )?state|provisioning ?state.{0,20}failed",
    ),
    _Rule(_LASTING, "the quota is too low: raise it, or lower maxSurge", ("OperationNotAllowed",), r"quota"),
    _Rule(
        _LASTING,
        "AKS does not support this for the cluster as it is configured",
        ("OperationNotAllowed",),
        r"nodeprovisioningprofile|auto.?provisioning|deallocat",
    ),
    _Rule(_LASTING, "a pod could not be drained: check its PDB, then start the run again", ("PodDrainFailure",)),
    _Rule(
        _LASTING,
        "a PDB never allows an eviction: add replicas or relax it, then start the run again",
        ("UnsatisfiablePDB",),
    ),
    _Rule(_LASTING, "fix the cause that AKS names above (often a PDB), then start the run again", ("UpgradeFailed",)),
    _Rule(_LASTING, "the quota is too low for the surge node: raise it, or lower maxSurge", ("QuotaExceeded",)),
    _Rule(_LASTING, "the VM size is not available there now: try later or choose another size", ("SKUNotAvailable",)),
    _Rule(_LASTING, "Azure had no capacity: try again later", ("AllocationFailed",)),
    _Rule(
        _LASTING,
        "Azure had no capacity for these constraints: try later or relax them",
        ("OverconstrainedAllocationRequest",),
    ),
    _Rule(
        _LASTING, "the subnet has no address for a surge node: free addresses or enlarge the subnet", ("SubnetIsFull",)
    ),
    _Rule(
        _LASTING, "the subnet is too small for a surge node: enlarge it or lower maxSurge", ("InsufficientSubnetSize",)
    ),
    _Rule(RefusalKind.GONE, codes=("AKSOperationPreemptedByDelete",)),
    _Rule(_BUSY, codes=("OperationNotAllowed", "AKSOperationPreempted", "EtagMismatch", "AnotherOperationInProgress")),
    _Rule(RefusalKind.GONE, statuses=(404, 410)),
    _Rule(RefusalKind.DENIED, _ROLE, statuses=(401, 403)),
    _Rule(RefusalKind.DENIED, _ROLE, ("AuthorizationFailed", "LinkedAuthorizationFailed")),
    _Rule(_BUSY, statuses=(409, 412)),
)

_KUBERNETES = (
    _Rule(_BUSY, codes=("NamespaceTerminating",)),
    _Rule(
        _LASTING, "an admission webhook or policy forbids it: ask its owner", text=r"denied the request|denied request"
    ),
    _Rule(RefusalKind.TRANSIENT, text=r"failed calling webhook"),
    _Rule(RefusalKind.DENIED, _CLUSTER_ROLE, statuses=(401, 403)),
    _Rule(RefusalKind.GONE, statuses=(404, 410)),
    _Rule(RefusalKind.THROTTLED, statuses=(429,)),
    _Rule(_BUSY, statuses=(409,)),
    # A patch that names the uid of another object with the same name; some requests answer 409 instead.
    _Rule(_BUSY, text=r"metadata\.uid", statuses=(422,)),
)

_RULES = {System.AZURE: _AZURE, System.KUBERNETES: _KUBERNETES}


def classify(answer: Answer) -> Refusal:
    """Returns what a negative answer means. An answer that no rule describes is lasting, unless its status says otherwise."""
    code = answer.code or (str(answer.status) if answer.status else "")
    for rule in _RULES[answer.system]:
        if _applies(rule, answer):
            return Refusal(rule.kind, code, answer.text, rule.remedy)
    if answer.status and (
        answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.REQUEST_TIMEOUT
    ):
        return Refusal(RefusalKind.TRANSIENT, code, answer.text)
    return Refusal(RefusalKind.LASTING, code, answer.text, _ASK_AZURE if answer.system is System.AZURE else "")


def _applies(rule: _Rule, answer: Answer) -> bool:
    return (
        (not rule.codes or answer.code.casefold() in (code.casefold() for code in rule.codes))
        and (not rule.statuses or answer.status in rule.statuses)
        and (not rule.text or re.search(rule.text, answer.text, re.IGNORECASE | re.DOTALL) is not None)
    )
