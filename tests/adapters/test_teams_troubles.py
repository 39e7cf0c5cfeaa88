"""Messages through a Bot Connector that throttles, fails, and loses responses: all of them eventually appear, few of them twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
from azure.identity import ManagedIdentityCredential

from ops.chats.teams.bot import TeamsBotChat
from ops.chats.teams.connector import TeamsConnector
from ops.messaging.message_sync import reconcile
from ops.messaging.outbox import flush_outbox
from ops.model.message import Message
from ops.model.run import State
from ops.tables.messages import messages
from simulator.faults import Fault, Surface
from simulator.running import running_simulation
from simulator.teams.connector import APP_ID, CHANNELS
from tests.fakes import World
from tests.flows.bot import environment

RUNS, ROUNDS = 40, 60


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_message_shows_its_final_state_and_only_lost_responses_cause_duplicates(seed: int) -> None:
    with (
        running_simulation(seed=seed, faults="rough", fault_surfaces=(Surface.TEAMS,)) as simulation,
        environment(simulation.environment),
    ):
        hosts = frozenset({simulation.environment["TEAMS_HOSTS"]})
        connector = TeamsConnector(APP_ID, ManagedIdentityCredential(client_id=APP_ID), hosts)
        world = World()
        chat = TeamsBotChat(connector, CHANNELS[0], simulation.environment["TEAMS_SERVICE_URL"])
        ports = replace(world.context.ports, chats=(chat,))
        for state in (State.RUNNING, State.DONE):
            for number in range(RUNS):
                reconcile(ports, Message(f"run-{number}", state, "Node images", f"cluster-{number}"))
                reconcile(ports, Message(f"run-{number}.1", state, "begun", ""), thread_of=f"run-{number}")
                world.clock.at += timedelta(seconds=5)
                simulation.advance(world.clock.at)
        rounds = 0
        while flush_outbox(ports):
            rounds += 1
            assert rounds < ROUNDS
            world.clock.at += timedelta(minutes=1)
            simulation.advance(world.clock.at)
        sent = {each.id: each for each in simulation.simulation.connector.sent}
        counts = simulation.simulation.faults.counts
        records = [stored.value for stored in messages(world.store).scan()]
    shown = [sent[record.message_id.rpartition("/")[2]] for record in records]
    assert len(records) == 2 * RUNS
    assert {str(each.activity["summary"]).rpartition(" ")[2] for each in shown} == {"done"}
    lost = counts[Surface.TEAMS, Fault.LOST]
    assert len(sent) - len(records) <= lost
    assert min(counts[Surface.TEAMS, fault] for fault in (Fault.THROTTLED, Fault.ERROR, Fault.UNAVAILABLE)) > 0
    assert lost > 0
