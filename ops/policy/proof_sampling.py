"""How hourly samples prove an image in a ring (docs/node-image.md, rule 11)."""

from dataclasses import replace
from datetime import datetime, timedelta

from ops.model.proof import Proof, ProofPolicy, Sample


def observe(proof: Proof, sample: Sample, at: datetime, policy: ProofPolicy) -> Proof:
    """Returns the record after one more hourly sample. A sample without an awake node neither counts nor breaks the sequence.

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
