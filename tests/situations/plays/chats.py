"""What chats do with messages and with words that people send to the bot."""

from dataclasses import replace

from ops.messaging.conditions import report_refused_messages
from ops.messaging.outbox import flush_outbox
from ops.model.run import State
from ops.ports.errors import ClosedChannelError
from tests.engine.test_outbox import report, uneditable
from tests.fakes import World
from tests.situations.catalog import Kind, Observed, situation
from tests.situations.observe import observe

_EVERY_FIVE_MINUTES = 12 * 24


@situation("Slack refuses every edit of a message (`cant_update_message`) for a day", Kind.REPORTED_ONCE, reported=True)
def cannot_edit() -> Observed:
    world = World()
    report(world, "begins")
    for number in range(_EVERY_FIVE_MINUTES):
        world.chat.fail = [uneditable("cant_update_message")]
        report(world, f"progress {number}")
        world.clock.advance(minutes=5)
    report(world, "the end", state=State.DONE)
    world.clock.advance(hours=12)
    flush_outbox(world.context.ports)
    assert [str(each["text"]).endswith("done") for each in world.chat.shown.values()][-1]
    assert world.chat.posts <= 4
    return replace(observe(world), does=[f"posts {world.chat.posts} messages in 36 hours"])


@situation("A channel is archived (`is_archived`)", Kind.REPORTED_ONCE, reported=True)
def archived() -> Observed:
    world = World()
    world.chat.fail = [ClosedChannelError("is_archived", "posting in Slack: Slack answered is_archived")]
    report(world, "begins")
    for _ in range(3):
        report_refused_messages(world.context.ports, world.clock.at)
    return replace(observe(world), does=["tries this channel again with growing pauses"])


@situation("The bot was removed from a channel (`not_in_channel`) while twenty runs report there", Kind.REPORTED_ONCE)
def not_in_channel() -> Observed:
    world = World()
    world.chat.fail = [ClosedChannelError("not_in_channel", "posting: not_in_channel")]
    for number in range(20):
        report(world, f"about {number}", f"run-{number}")
    assert world.chat.fail == []
    for _ in range(3):
        report_refused_messages(world.context.ports, world.clock.at)
    return replace(observe(world), does=["tries one of twenty messages, and keeps the others"])
