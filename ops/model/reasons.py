"""Codes for the reasons why something is skipped, waits or has ended, as used on the rule pages, in the ledger and in the API.

Programs compare only these codes; the text for people is written where the decision is made.
"""

from enum import StrEnum


class SkipReason(StrEnum):
    """Why a plan leaves out a pool, a node or a cluster (docs/node-image.md rule 8, docs/reboot.md rule 4, docs/power.md)."""

    NO_RING = "no-ring"
    AKS_MANAGED = "driven-by-aks"
    SKIPPED_BY_PERSON = "skipped-by-person"
    SNAPSHOT = "snapshot"
    NODE_AUTO_PROVISIONING = "node-auto-provisioning"
    UNKNOWN_IMAGE = "unknown-image"
    UNKNOWN_SIZE = "unknown-size"
    UNKNOWN_POWER = "unknown-power-state"
    CLUSTER_FAILED = "cluster-failed"
    UPDATE_RUN = "update-run"
    ALREADY_LATEST = "already-latest"
    NO_NEWER_IMAGE = "no-newer-image"
    POOL_FAILED = "pool-failed"
    NEVER_FITS = "never-fits"
    ASLEEP = "asleep"
    BUSY = "busy"
    UNPROVEN = "unproven"
    NO_WINDOW_LEFT = "no-window-left"

    UNSUPPORTED_POOL = "unsupported-pool"

    HELD = "held-by-run"
    UNKNOWN_NODES = "unknown-nodes"
    NOT_CONFIRMED = "not-confirmed"
    UNKNOWN_MACHINES = "unknown-machines"
    MACHINES_LOCKED = "machines-locked"
    UNKNOWN_PODS = "unknown-pods"
    STILL_REQUIRED = "asks-again"
    NOT_READY = "not-ready"
    CORDONED_BY_OTHERS = "cordoned-by-others"
    EVENT_SCHEDULED = "event-scheduled"
    PDB_NEVER = "pdb-never"
    POD_STUCK = "pod-stuck"
    EVICTION_REFUSED = "eviction-refused"
    RESTART_REFUSED = "restart-refused"

    PRODUCTION = "production"
    NO_SCHEDULE = "no-schedule"
    BAD_TAG = "bad-tag"


class WaitReason(StrEnum):
    """What a run is waiting for."""

    AKS_MANAGED = "driven-by-aks"
    UNREADABLE = "unreadable"
    WINDOW = "window"
    NO_WINDOW_LEFT = "no-window-left"
    UNPROVEN = "unproven"
    BUSY = "busy"
    UPDATE_RUN = "update-run"
    REFUSED = "refused"
    ASLEEP = "asleep"
    POWER_PAUSE = "pause"
    CONFIRMATION = "confirm"
    PAUSED = "paused"
    CONFIGURATION = "configuration"
    LEASE = "lease"
    APPROVAL = "approval"


class EndReason(StrEnum):
    """How a request for approval ended its run."""

    NO_APPROVERS = "no-approvers"
    NOT_DELIVERED = "not-delivered"
    NOT_APPROVED = "not-approved"
    REJECTED = "rejected"
    RING_CHANGED = "ring-changed"


class FailureCode(StrEnum):
    """Why a verb failed, if neither Azure nor Kubernetes has a code for it."""

    UNREADABLE = "Unreadable"
    DENIED = "Denied"
    GONE = "Gone"
    STOPPED = "Stopped"
    TAKEN_OVER = "TakenOver"
    NOT_VERIFIED = "NotVerified"
    NOT_CONFIRMED = "NotConfirmed"
    UNCORDONED = "Uncordoned"
    SEVERAL_PDBS = "SeveralPDBs"
    DRAIN_TIMEOUT = "DrainTimeout"
    EVICTION_REFUSED = "EvictionRefused"
    COMES_BACK = "PodComesBack"
    STAYS_BUSY = "StaysBusy"
    OPERATION_FAILED = "OperationFailed"
    NOT_REPAIRED = "NotRepaired"
    NOT_POSSIBLE = "NotPossible"
    START_FAILED = "StartFailed"
    STOP_FAILED = "StopFailed"


# Failures that say nothing about the image or the operation itself: the cluster or pool was deleted, someone stopped the
# cluster, AKS took over its upgrades, or the pool had failed before (docs/node-image.md, rules 15 and 20).
NOT_THE_OPERATION = frozenset({FailureCode.GONE, FailureCode.STOPPED, FailureCode.TAKEN_OVER, FailureCode.NOT_REPAIRED})

ALL: tuple[type[StrEnum], ...] = (SkipReason, WaitReason, EndReason, FailureCode)
