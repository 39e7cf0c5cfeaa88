"""The conditions of a node: those of the kubelet, of the node problem detector that AKS runs, and of scheduled events.

Source: AKS documentation, "Node problem detector", and nodes as listed by AKS.
"""

from simulator.azure.documents import zulu
from simulator.http_types import JsonObject
from simulator.world.state import Node

# Each condition with its reason while it is False, which is the healthy state.
_PROBLEMS = {
    "ContainerRuntimeProblem": "ContainerRuntimeIsUp",
    "FilesystemCorruptionProblem": "FilesystemIsOK",
    "FrequentContainerdRestart": "NoFrequentContainerdRestart",
    "FrequentDockerRestart": "NoFrequentDockerRestart",
    "FrequentKubeletRestart": "NoFrequentKubeletRestart",
    "FrequentUnregisterNetDevice": "NoFrequentUnregisterNetDevice",
    "KernelDeadlock": "KernelHasNoDeadlock",
    "KubeletProblem": "KubeletIsUp",
    "ReadonlyFilesystem": "FilesystemIsNotReadOnly",
    "MemoryPressure": "KubeletHasSufficientMemory",
    "DiskPressure": "KubeletHasNoDiskPressure",
    "PIDPressure": "KubeletHasSufficientPID",
}
_SCHEDULED, _PREEMPTION = "VMEventScheduled", "PreemptionScheduled"


def conditions(node: Node) -> list[JsonObject]:
    """Return all conditions. An invented node has no kubelet, and so only the one that its creator wrote."""
    since = zulu(node.ready_since or node.created)
    ready = _condition("Ready", since, ("KubeletReady", "KubeletNotReady"), true=node.ready)
    if node.invented:
        return [ready]
    healthy = [_condition(kind, since, ("", reason), true=False) for kind, reason in _PROBLEMS.items()]
    event = node.scheduled_event
    scheduled = [
        _condition(_SCHEDULED, since, (f"{event}Scheduled", "NoVMEventScheduled"), true=bool(event)),
        _condition(_PREEMPTION, since, ("PreemptScheduled", "NoPreemptionScheduled"), true=event == "Preempt"),
    ]
    return [*healthy, *scheduled, ready]


def _condition(kind: str, since: str, reasons: tuple[str, str], *, true: bool) -> JsonObject:
    reason = reasons[0] if true else reasons[1]
    return {
        "type": kind,
        "status": "True" if true else "False",
        "reason": reason,
        "message": reason,
        "lastHeartbeatTime": since,
        "lastTransitionTime": since,
    }
