"""What is said about nodes that ARM does not list: those of node auto-provisioning and of managed system pools."""

from dataclasses import replace

import pytest

from ops.model.auto_provisioning import AutoProvisioning, NodeClaim, NodeClass
from ops.model.fleet import Node, Unknown
from ops.model.plan import Skip
from ops.model.reasons import SkipReason
from ops.policy.auto_provisioning import provisioned_skips, unlisted_line, unlisted_pools
from tests.fakes import NEW, OLD, cluster, nodes_of

OURS = cluster("shop")
SOURCE = "by node labels, not confirmed by ARM"


def provisioned(name: str, image: str = NEW, *, by: str = "default", ready: bool = True) -> Node:
    return Node(name, "", image, ready=ready, provisioner=by)


HOSTED = Node("aks-hostedpool-1", "", NEW, ready=True)


def test_nodes_are_grouped_by_what_they_belong_to() -> None:
    labeled, loose = Node("a", "z-pool", NEW, ready=True), Node("b", "", NEW, ready=True)
    first, second = provisioned("c"), provisioned("d")
    hosted = replace(HOSTED, pool="system")
    found = unlisted_pools(OURS, (*nodes_of(OURS), labeled, loose, first, hosted, second))
    assert list(found.items()) == [
        ("default", [first, second]),
        ("managed system pool", [hosted]),
        ("no pool", [loose]),
        ("z-pool", [labeled]),
    ]


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ((HOSTED,), f"1 node {SOURCE}: 202611.05.0; AKS replaces them"),
        ((Node("b", "", "an-image", ready=True),), f"1 node {SOURCE}: an-image"),
        ((Node("b", "", "", ready=False),), f"1 node {SOURCE}: an unknown image; 1 not Ready"),
        (
            (
                Node("a", "", NEW, ready=False),
                Node("b", "", OLD, ready=False),
                Node("c", "", NEW, ready=True),
            ),
            f"3 nodes {SOURCE}: 1 with 202610.29.0, 2 with 202611.05.0; 2 not Ready",
        ),
    ],
)
def test_a_line_says_how_many_nodes_there_are_and_what_they_run(nodes: tuple[Node, ...], expected: str) -> None:
    assert unlisted_line(nodes, None) == expected


ONE = f"1 node {SOURCE}: 202611.05.0"


def test_without_nodeclaims_it_is_unknown_whether_nodes_are_outdated() -> None:
    assert unlisted_line((provisioned("a"),), None) == (
        f"{ONE}; its API server has no NodeClaims, so whether they are outdated is unknown"
    )
    unknown = Unknown("403")
    assert unlisted_line((provisioned("a"),), unknown) == f"{ONE}; whether they are outdated is unknown: 403"


CLASSES = (NodeClass("other", (OLD,)), NodeClass("default", (OLD, NEW.upper())))


@pytest.mark.parametrize(
    ("claim", "state"),
    [
        (NodeClaim("c", "a", "default", NEW), "1 as new nodes would be"),
        (NodeClaim("c", "a", "default", "older"), "1 outdated, and waiting for the maintenance window: a"),
        (NodeClaim("c", "a", "default", NEW, "ImageDrift"), "1 being replaced (ImageDrift): a"),
        (NodeClaim("c", "b", "default", NEW), "1 not compared: no NodeClaim names it: a"),
        (
            NodeClaim("c", "a", "default", ""),
            "1 not compared: its NodeClaim or AKSNodeClass reports no image: a",
        ),
        (
            NodeClaim("c", "a", "gone", NEW),
            "1 not compared: its NodeClaim or AKSNodeClass reports no image: a",
        ),
    ],
)
def test_the_image_of_a_nodeclaim_is_compared_with_those_of_new_nodes(claim: NodeClaim, state: str) -> None:
    found = unlisted_line((provisioned("a"),), AutoProvisioning((claim,), CLASSES))
    assert found == f"{ONE}; {state}"


@pytest.mark.parametrize(
    ("number", "named"), [(3, "n0, n1, n2"), (4, "n0, n1, n2 and 1 more"), (6, "n0, n1, n2 and 3 more")]
)
def test_nodes_in_each_state_are_counted_and_up_to_three_are_named(number: int, named: str) -> None:
    outdated = [NodeClaim(f"c{n}", f"n{n}", "default", "older") for n in reversed(range(number))]
    current = [NodeClaim("d", "m", "default", NEW)]
    nodes = (*(provisioned(claim.node) for claim in outdated), provisioned("m"))
    found = unlisted_line(nodes, AutoProvisioning((*outdated, *current), CLASSES))
    assert found == (
        f"{number + 1} nodes {SOURCE}: 202611.05.0; 1 as new nodes would be; "
        f"{number} outdated, and waiting for the maintenance window: {named}"
    )


def test_each_nodepool_of_node_auto_provisioning_is_left_out_of_upgrades() -> None:
    nodes = (*nodes_of(OURS), provisioned("a", by="z"), provisioned("b"), HOSTED)
    why = (
        f"node auto-provisioning replaces these nodes itself: {ONE}; "
        "its API server has no NodeClaims, so whether they are outdated is unknown"
    )
    assert provisioned_skips(OURS, nodes, None) == tuple(
        Skip(name, SkipReason.NODE_AUTO_PROVISIONING, why) for name in ("default", "z")
    )
    assert provisioned_skips(OURS, Unknown("no answer"), None) == ()
    (skip, *_) = provisioned_skips(OURS, nodes, Unknown("403"))
    assert skip.why.endswith("; whether they are outdated is unknown: 403")
