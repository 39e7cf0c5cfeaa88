"""How hourly samples prove an image in a ring (docs/node-image.md, rule 11)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ops.model.fleet import Cluster, Node, Pool, Unknown
from ops.model.image import ImageKey, NodeImage
from ops.model.proof import Proof, ProofPolicy, Sample
from ops.policy.node_identity import Match, confirmed


def sample_cluster(cluster: Cluster, nodes: Sequence[Node], matches: Mapping[str, Match]) -> Mapping[ImageKey, Sample]:
    """Returns what one cluster contributes to the samples, by image. `matches` are the machines of its nodes.

    Its API server's word proves nothing for other clusters. A node counts only if ARM lists its machine for a pool, and
    its label is the image that ARM reports for this pool; a pool has at most as many nodes as ARM reports. A node that is
    not Ready counts against the image of its label, because a pool whose upgrade has failed still reports the old one.
    """
    machines = confirmed(matches)
    samples: dict[ImageKey, Sample] = {}
    for pool in cluster.pools:
        own = [node for node in nodes if (machine := machines.get(node.name)) is not None and machine.pool == pool.name]
        by_key: dict[ImageKey, list[Node]] = defaultdict(list)
        for node in own:
            image = NodeImage.parse(node.image_label)
            if image is not None:
                by_key[ImageKey(f"{image.family}-{image.release}", pool.kubernetes_minor)].append(node)
        for key, carrying in by_key.items():
            samples[key] = _sum(samples.get(key, Sample(0)), _sample(cluster, pool, carrying))
    return {key: sample for key, sample in samples.items() if sample.nodes}


def _sample(cluster: Cluster, pool: Pool, carrying: Sequence[Node]) -> Sample:
    """Returns the sample of the confirmed nodes of one pool that carry one image.

    If Azure reports no count, its list of machines is the limit: each of these nodes has a machine of its own.
    """
    bad = tuple(f"{cluster.name}/{node.name}" for node in carrying if not _is_healthy(node, pool))
    reported = NodeImage.parse(pool.image)
    is_reported = reported is not None and reported.is_carried_as(carrying[0].image_label)
    good = len(carrying) - len(bad) if is_reported else 0
    if not isinstance(pool.count, Unknown):
        good = min(good, pool.count)
    return Sample(good + len(bad), bad)


def _sum(one: Sample, other: Sample) -> Sample:
    return Sample(one.nodes + other.nodes, (*one.not_ready, *other.not_ready))


def _is_healthy(node: Node, pool: Pool) -> bool:
    """Whether the node counts as healthy. A node that is not Ready while its pool is being upgraded does not count against the image."""
    return node.ready or pool.is_busy


def observe(proof: Proof, sample: Sample, at: datetime, policy: ProofPolicy) -> Proof:
    """Returns the record after one more hourly sample.

    A sample without an awake node neither counts nor breaks the sequence, nor does an incomplete one that saw too few nodes.
    A second sample at the same instant has no effect, so a timer can safely run twice.
    """
    if proof.last_sample is not None and at <= proof.last_sample:
        return proof
    if sample.nodes == 0:
        return replace(proof, last_sample=at)
    if sample.not_ready:
        broken_by = ", ".join(sample.not_ready)
        return replace(proof, since=None, awake_h=0, nodes=sample.nodes, last_sample=at, broken_by=broken_by)
    if sample.nodes < policy.nodes:
        if not sample.complete:
            return replace(proof, last_sample=at)
        return replace(proof, since=None, awake_h=0, nodes=sample.nodes, last_sample=at)
    if proof.since is None:
        return replace(proof, since=at, awake_h=0, nodes=sample.nodes, last_sample=at)
    return replace(proof, awake_h=proof.awake_h + 1, nodes=sample.nodes, last_sample=at)


def settle(proof: Proof, at: datetime, policy: ProofPolicy) -> Proof:
    """Marks the record as proven at `at` if the image meets the rule. A proven image stays proven."""
    if proof.proven_at is not None or proof.since is None:
        return proof
    if at - proof.since >= policy.elapsed and timedelta(hours=proof.awake_h) >= policy.awake:
        return replace(proof, proven_at=at)
    return proof
