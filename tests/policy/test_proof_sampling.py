"""Which nodes count towards the proof of an image (docs/node-image.md, rule 11): those that ARM confirms."""

from dataclasses import replace

from ops.model.fleet import Cluster, Node, PoolMachines, Unknown
from ops.model.image import ImageKey
from ops.model.proof import Sample
from ops.policy.node_identity import match_nodes
from ops.policy.proof_sampling import sample_cluster
from tests.fakes import NEW, OLD, cluster, machines_of, nodes_of, pool

OF = cluster("dev", pool(image=NEW))
KEY, OLD_KEY = ImageKey(NEW, "1.34"), ImageKey(OLD, "1.34")


def sample(nodes: tuple[Node, ...], of: Cluster = OF, **machines: PoolMachines) -> dict[ImageKey, Sample]:
    listed = {each.name: machines_of(of, each.name) for each in of.pools} | machines
    return dict(sample_cluster(of, nodes, match_nodes(of, nodes, listed)))


def test_the_nodes_of_a_pool_count_if_arm_lists_their_machines_and_reports_their_image() -> None:
    assert sample(nodes_of(OF)) == {KEY: Sample(3)}


def test_three_invented_nodes_prove_nothing() -> None:
    of = cluster("dev", pool(image=OLD))
    invented = tuple(
        Node(f"aks-fake-{n}", "user1", NEW, ready=True, uid=f"f{n}", provider_id=f"{nodes_of(of)[n].provider_id}00")
        for n in range(3)
    )
    copies = tuple(replace(node, name=f"copy-{node.name}", image_label=NEW) for node in nodes_of(of))
    assert sample((*nodes_of(of), *invented, *copies), of) == {OLD_KEY: Sample(3)}


def test_nodes_that_are_relabeled_prove_nothing_if_arm_reports_another_image_for_their_pool() -> None:
    of = cluster("dev", pool(image=OLD))
    assert sample(tuple(replace(node, image_label=NEW) for node in nodes_of(of)), of) == {}


def test_a_node_that_is_not_ready_counts_against_the_image_of_its_label_whatever_arm_reports() -> None:
    of = cluster("dev", pool(image=OLD))
    first, *others = nodes_of(of)
    assert sample((replace(first, image_label=NEW, ready=False), *others), of) == {
        KEY: Sample(1, ("dev/aks-user1-0",)),
        OLD_KEY: Sample(2),
    }


def test_an_invented_node_that_is_not_ready_does_not_break_a_proof() -> None:
    invented = Node("aks-fake-0", "user1", NEW, ready=False, uid="f0")
    assert sample((*nodes_of(OF), invented)) == {KEY: Sample(3)}


def test_a_pool_has_at_most_as_many_nodes_as_arm_reports() -> None:
    smaller = cluster("dev", pool(image=NEW, count=2))
    assert sample(nodes_of(OF), smaller, user1=machines_of(OF, "user1")) == {KEY: Sample(2)}


def test_a_pool_whose_machines_cannot_be_read_does_not_count() -> None:
    of = cluster("dev", pool("user1", image=NEW), pool("user2", image=NEW))
    assert sample(nodes_of(of), of, user1=Unknown("429", transient=True)) == {KEY: Sample(3)}


def test_nodes_that_arm_does_not_list_never_count() -> None:
    provisioned = Node("aks-default-x7k2p", "", NEW, ready=True, provisioner="default", uid="u")
    hosted = Node("aks-hostedpool-1-vms1", "hostedpool", NEW, ready=True, uid="v")
    assert sample((provisioned, hosted)) == {}


def test_a_security_patch_counts_as_its_image() -> None:
    assert sample(tuple(replace(node, image_label=f"{NEW}-2026.11.12") for node in nodes_of(OF))) == {KEY: Sample(3)}
