"""What is said about nodes of node auto-provisioning: by NodeClaims and AKSNodeClasses, and never more than they say."""

from dataclasses import replace

import pytest

from ops.model.auto_provisioning import AutoProvisioning, NodeClaim, NodeClass
from ops.model.fleet import Node, Unknown
from ops.policy.auto_provisioning import provisioned_skips, unlisted_line, unlisted_pools
from tests.fakes import NEW, OLD, cluster, nodes_of

CLASSES = (NodeClass("default", (NEW, "AKSAzureLinux-V3gen2-202611.05.0")),)
CLAIM = NodeClaim("default-a", "aks-default-a", "default", OLD)
SOURCE = "by node labels, not confirmed by ARM"


def node(name: str, label: str = OLD, **more: object) -> Node:
    plain = Node(f"aks-default-{name}", "", label, ready=True, provisioner="default")
    return replace(plain, **more)  # type: ignore[arg-type]  # fields by name


def line(claim: NodeClaim, classes: tuple[NodeClass, ...] = CLASSES) -> str:
    return unlisted_line([node("a")], AutoProvisioning((claim,), classes))


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (CLAIM, "1 outdated, and waiting for the maintenance window: aks-default-a"),
        (replace(CLAIM, drift="ImageDrift"), "1 being replaced (ImageDrift): aks-default-a"),
        (replace(CLAIM, image=NEW), "1 as new nodes would be"),
        (replace(CLAIM, image=NEW, drift="NodePoolDrifted"), "1 being replaced (NodePoolDrifted): aks-default-a"),
        (replace(CLAIM, image=NEW.lower()), "1 as new nodes would be"),
        (replace(CLAIM, image=""), "1 not compared: its NodeClaim or AKSNodeClass reports no image: aks-default-a"),
        (
            replace(CLAIM, node_class="x"),
            "1 not compared: its NodeClaim or AKSNodeClass reports no image: aks-default-a",
        ),
        (replace(CLAIM, node="other"), "1 not compared: no NodeClaim names it: aks-default-a"),
    ],
)
def test_a_node_is_compared_with_what_its_class_gives_to_new_nodes(claim: NodeClaim, said: str) -> None:
    assert line(claim) == f"1 node {SOURCE}: 202610.29.0; {said}"


def test_a_class_without_images_proves_nothing() -> None:
    assert "not compared" in line(replace(CLAIM, image=NEW), (NodeClass("default", ()),))


def test_the_nodes_of_each_state_are_counted_and_some_are_named() -> None:
    three = [node(name) for name in "abc"]
    drifted = tuple(replace(CLAIM, node=each.name, drift="ImageDrift") for each in three)
    assert unlisted_line(three, AutoProvisioning(drifted, CLASSES)).endswith(
        "3 being replaced (ImageDrift): aks-default-a, aks-default-b, aks-default-c"
    )
    nodes = [node(name, NEW if name == "a" else OLD, ready=name != "b") for name in "abcdef"]
    claims = tuple(replace(CLAIM, node=each.name, image=each.image_label) for each in nodes)
    assert unlisted_line(nodes, AutoProvisioning(claims, CLASSES)) == (
        f"6 nodes {SOURCE}: 5 with 202610.29.0, 1 with 202611.05.0; 1 not Ready; 1 as new nodes would be; 5 outdated, "
        "and waiting for the maintenance window: aks-default-b, aks-default-c, aks-default-d and 2 more"
    )


@pytest.mark.parametrize(
    ("provisioning", "said"),
    [
        (None, "its API server has no NodeClaims, so whether they are outdated is unknown"),
        (Unknown("listing the NodeClaims: 403 Forbidden"), "is unknown: listing the NodeClaims: 403 Forbidden"),
    ],
)
def test_claims_that_cannot_be_read_are_unknown(provisioning: AutoProvisioning | Unknown | None, said: str) -> None:
    assert unlisted_line([node("a")], provisioning).endswith(said)


def test_nodes_of_pools_that_arm_lists_are_not_among_them() -> None:
    of = cluster("pay")
    hosted = Node("aks-hostedpool-1-vms1", "", OLD, ready=True)
    nodes = (*nodes_of(of), node("a"), hosted, Node("strange", "", OLD, ready=True))
    found = {name: [each.name for each in own] for name, own in unlisted_pools(of, nodes).items()}
    assert found == {
        "default": ["aks-default-a"],
        "managed system pool": ["aks-hostedpool-1-vms1"],
        "no pool": ["strange"],
    }
    assert unlisted_line([hosted], None).endswith("202610.29.0; AKS replaces them")
    assert unlisted_line([Node("strange", "", "", ready=True)], None) == f"1 node {SOURCE}: an unknown image"


def test_only_node_auto_provisioning_is_left_out_as_such() -> None:
    of = cluster("pay")
    skips = provisioned_skips(of, (*nodes_of(of), node("a"), Node("strange", "", OLD, ready=True)), None)
    assert [(skip.what, skip.code) for skip in skips] == [("default", "node-auto-provisioning")]
    assert provisioned_skips(of, Unknown("the cluster is stopped"), None) == ()
    (known,) = provisioned_skips(of, (node("a"),), AutoProvisioning((replace(CLAIM, drift="ImageDrift"),), CLASSES))
    assert known.why.endswith("1 being replaced (ImageDrift): aks-default-a")


def test_each_nodepool_is_left_out_in_the_order_of_names_with_what_is_known() -> None:
    of = cluster("shop")
    extra = [node("1", NEW, provisioner="z"), node("2", NEW, provisioner="d"), node("3", NEW, provisioner="z")]
    unknown = "its API server has no NodeClaims, so whether they are outdated is unknown"
    skips = provisioned_skips(of, (*nodes_of(of), *extra), None)
    assert [(skip.what, skip.why, skip.needs_person) for skip in skips] == [
        ("d", f"node auto-provisioning replaces these nodes itself: 1 node {SOURCE}: 202611.05.0; {unknown}", False),
        ("z", f"node auto-provisioning replaces these nodes itself: 2 nodes {SOURCE}: 202611.05.0; {unknown}", False),
    ]
