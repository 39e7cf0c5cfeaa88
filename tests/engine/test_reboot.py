"""A reboot: cordon, drain, restart, prove, uncordon; one node given back whatever happens."""

from ops.model.fleet import CORDON_STAMP
from ops.model.run import State
from ops.ports.errors import RejectedError
from ops.ports.kubernetes import EvictionResult
from tests.engine.lanes import NODE, carry_out, world
from tests.fakes import World

ASKS = {"daytwo.dev/reboot-required": "2026-11-16T10:00:00Z"}


def asking() -> World:
    by = world()
    by.nodes.change(NODE, annotations=ASKS)
    return by


def test_a_node_is_emptied_restarted_proven_and_given_back() -> None:
    by = asking()
    run = carry_out(
        by, "reboot", lambda name: by.machines.end(NODE) if name == "poll" and by.machines.restarted else None
    )
    assert run.state is State.DONE
    assert by.nodes.marks == [f"cordon {NODE}", f"uncordon {NODE}"]
    assert sorted(by.nodes.evicted) == ["web-0", "web-1", "web-2"]
    assert by.machines.restarted == [NODE]
    assert run.finished[2].evidence == f"{NODE} has rebooted and is Ready"


def test_a_drain_that_does_not_end_gives_the_node_back_and_names_pod_and_pdb() -> None:
    by = asking()
    by.nodes.answers["web-1"] = EvictionResult("blocked", "The disruption budget shop/web needs 3 healthy pods")
    run = carry_out(by, "reboot", lambda _: None)
    assert (run.state, run.code) == (State.FAILED, "DrainTimeout")
    assert "shop/web-1 has not left aks-user1-1 in time: The disruption budget shop/web needs 3 healthy pods" in run.why
    assert by.nodes.marks == [f"cordon {NODE}", f"uncordon {NODE}"]
    assert by.machines.restarted == []


def test_several_pdbs_fail_at_once() -> None:
    by = asking()
    by.nodes.answers["web-0"] = EvictionResult("several", "more than one PodDisruptionBudget")
    run = carry_out(by, "reboot", lambda _: None)
    assert (run.state, run.code) == (State.FAILED, "SeveralPDBs")
    assert by.nodes.evicted.count("web-0") == 1


def test_a_boot_that_never_happened_is_a_failure() -> None:
    by = asking()
    run = carry_out(
        by,
        "reboot",
        lambda name: by.machines.end(NODE, boots=False) if name == "poll" and by.machines.restarted else None,
    )
    assert (run.state, run.code) == (State.FAILED, "NotVerified")
    assert "its bootID has not changed" in run.why


def test_a_restart_that_is_refused_gives_the_node_back() -> None:
    by = asking()
    by.machines.refuse = RejectedError("ScopeLocked", "restarting: a deny assignment")
    run = carry_out(by, "reboot", lambda _: None)
    assert run.state is State.FAILED
    assert by.nodes.marks == [f"cordon {NODE}", f"uncordon {NODE}"]


def test_a_node_that_somebody_cordons_meanwhile_is_neither_taken_over_nor_drained() -> None:
    """A person who cordons between the plan and the first step has a reason; what they have cordoned is theirs."""
    by = asking()

    def meanwhile(name: str) -> None:
        if name == "lease":
            by.nodes.change(NODE, unschedulable=True)

    run = carry_out(by, "reboot", meanwhile)
    assert (by.nodes.marks, by.nodes.evicted, by.machines.restarted) == ([], [], [])
    assert [(skip.what, skip.code) for skip in run.skips] == [(NODE, "cordoned-by-others")]


def test_somebody_elses_cordon_is_never_lifted() -> None:
    by = asking()

    def meanwhile(name: str) -> None:
        if name == "poll" and by.machines.restarted:
            by.machines.end(NODE)
            by.nodes.change(NODE, unschedulable=True, annotations={CORDON_STAMP: "somebody-else"})

    run = carry_out(by, "reboot", meanwhile)
    assert run.state is State.DONE
    assert by.nodes.marks == [f"cordon {NODE}"]
