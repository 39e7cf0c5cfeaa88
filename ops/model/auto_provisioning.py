"""What node auto-provisioning (Karpenter) says about its nodes. It replaces them itself; Daytwo only shows this."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NodeClaim:
    """A NodeClaim: one machine of node auto-provisioning.

    Attributes:
        name: its name.
        node: the name of its node; empty until the node has registered.
        node_class: the name of its AKSNodeClass.
        image: the image that it was created with, named like the label of a node; empty if it is not reported.
        drift: why Karpenter replaces it, for example `ImageDrift`; empty if it does not.
    """

    name: str
    node: str
    node_class: str
    image: str
    drift: str = ""


@dataclass(frozen=True, slots=True)
class NodeClass:
    """An AKSNodeClass. `images` are those that new nodes get, one for each kind of VM size."""

    name: str
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AutoProvisioning:
    """All NodeClaims and AKSNodeClasses of a cluster."""

    claims: tuple[NodeClaim, ...]
    classes: tuple[NodeClass, ...]
