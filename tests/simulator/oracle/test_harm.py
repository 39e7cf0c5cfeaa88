"""What the oracle counts as harm: each kind is found when it happens, and a week by the rules has none."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator import oracle
from simulator.oracle.config import read
from simulator.oracle.harm import KIND_OF, HarmKind, Post, disrupted_pods, harmed, hidden_messages, read_posts
from simulator.oracle.history import History
from simulator.world.journal import Kind
from simulator.world.specs import PRINCIPAL
from tests.simulator.oracle.journal_builder import SYSTEM, JournalBuilder, at, cluster
from tests.simulator.oracle.test_tags import CONFIGURED, retag

ROUTED = (
    CONFIGURED
    + "chat: {slack: {channel: C1, routes: [{select: {tags: {env: prod}}, channel: C2}, {select: {tags: {team: x}}, channel: C3}]}}\n"
    + "reboot: {window: nights}\n"
)
NODE = "shop-prod/system/0"


def world() -> JournalBuilder:
    return JournalBuilder(cluster("dev", "dev"), cluster("shop-prod", "prod"))


def upgraded_early(builder: JournalBuilder) -> None:
    builder.upgrade("shop-prod/system", "mon 12:00")


def upgraded_without_approval(builder: JournalBuilder) -> None:
    builder.click("U0EVE", "mon 12:00", "shop-prod 202611.05.0")
    builder.upgrade("shop-prod/system", "mon 22:00")


def stopped_for_a_tag(builder: JournalBuilder) -> None:
    retag(builder, "shop-prod", "mon 10:01", {"env": "dev"})
    builder.power("shop-prod", "stop", "mon 19:00", "mon 19:05")


def restarted_for_another_cluster(builder: JournalBuilder) -> None:
    machine = "azure:///machines/0"
    builder.add("mon 21:00", Kind.NODE_INVENTED, "dev", None, "mine", machine=machine, image="")
    builder.restart(NODE, "mon 22:00", machine=machine)


def left_cordoned(builder: JournalBuilder) -> None:
    builder.cordon(NODE, "mon 22:00", None)


def uncordoned_for_others(builder: JournalBuilder) -> None:
    builder.cordon(NODE, "mon 22:00", None, who="a person")
    builder._of_node(NODE, "mon 23:00", Kind.NODE_UNCORDONED, who=PRINCIPAL)  # noqa: SLF001 - the builder of this package


def violated_a_budget(builder: JournalBuilder) -> None:
    builder.add("mon 22:00", Kind.PDB_VIOLATED, "shop-prod", None, None, pdb="shop/api", who=PRINCIPAL)


def did_nothing(_: JournalBuilder) -> None:
    """Nothing happens in the week, so nothing is patched."""


@pytest.mark.parametrize(
    ("happens", "kind", "code"),
    [
        (upgraded_early, HarmKind.IMAGE, "outside-window"),
        (upgraded_early, HarmKind.IMAGE, "unproven"),
        (upgraded_without_approval, HarmKind.APPROVAL, "not-approved"),
        (stopped_for_a_tag, HarmKind.POWER, "unscheduled-stop"),
        (restarted_for_another_cluster, HarmKind.MACHINE, "restarted-for-another-cluster"),
        (restarted_for_another_cluster, HarmKind.MACHINE, "restarted-uncordoned"),
        (left_cordoned, HarmKind.NODE, "left-cordoned"),
        (uncordoned_for_others, HarmKind.NODE, "uncordoned-others"),
        (violated_a_budget, HarmKind.POD, "pdb-violated"),
        (did_nothing, HarmKind.NEGLECT, "not-upgraded"),
    ],
)
def test_each_kind_of_harm_is_found(happens: Callable[[JournalBuilder], None], kind: HarmKind, code: str) -> None:
    builder = world()
    happens(builder)
    found = harmed(builder.verdict(ROUTED))
    assert kind in {harm.kind for harm in found if harm.text.startswith(f"{code}: ")}


def test_a_week_by_the_rules_harms_nothing() -> None:
    builder = JournalBuilder(cluster("dev", "dev"))
    builder.upgrade("dev/system", "mon 22:00")
    assert harmed(builder.verdict()) == ()


def evicting(*, who: str = PRINCIPAL, cordoned_by: str = "", notice: bool = False) -> list[str]:
    builder = world()
    if cordoned_by:
        builder.cordon(NODE, "mon 22:00", "mon 22:30", who=cordoned_by)
    if notice:
        builder.add("mon 22:09", Kind.SPOT_NOTICE, "shop-prod", "system", "system-0", event="x")
    builder.add("mon 22:10", Kind.POD_EVICTED, "shop-prod", "system", "system-0", pod="shop/api-1", who=who)
    return [harm.text for harm in disrupted_pods(builder.journal, PRINCIPAL)]


def test_a_pod_that_is_evicted_without_the_bots_cordon_is_harm() -> None:
    harm = ["evicted-without-cordon: shop-prod/system-0 at 2026-11-16 22:10:00 UTC"]
    assert evicting() == harm
    assert evicting(cordoned_by="a person") == harm
    assert evicting(cordoned_by=PRINCIPAL) == []
    assert evicting(notice=True) == []
    assert evicting(who="a person") == []


def hidden(
    *channels: str, tags: dict[str, str], headline: str = "Tags · shop-prod · held", body: str = ""
) -> list[str]:
    builder = world()
    retag(builder, "shop-prod", "mon 10:01", tags)
    history = History(builder.fleet, builder.journal, 0)
    posts = [Post(channel, at("mon 11:00"), "one", headline, body) for channel in channels]
    return [harm.text for harm in hidden_messages(read(ROUTED), history, builder.journal, posts)]


def test_a_message_only_in_a_channel_that_a_tag_named_is_harm() -> None:
    harm = ["only-where-a-tag-said: shop-prod at 2026-11-16 11:00:00 UTC"]
    assert hidden("C1", tags={"env": "dev"}) == harm
    assert hidden("C3", tags={"env": "dev", "team": "x"}) == harm
    assert hidden("C1", tags={"env": "dev"}, headline="Node images: approval", body="shop-prod: 1 pool") == harm


def test_a_message_also_in_a_channel_of_the_tags_that_apply_is_not_harm() -> None:
    assert hidden("C1", "C2", tags={"env": "dev"}) == []
    assert hidden("C2", "C3", tags={"env": "prod", "team": "x"}) == []
    assert hidden("C1", tags={"env": "prod"}, headline="Weekly digest", body="shop-prod") == []
    assert hidden("C1", tags={"env": "dev"}, headline="Tags · shop-prod-we · held") == []


def test_every_violation_says_what_it_harms() -> None:
    """Codes are texts in the oracle's own files: each begins a violation or is returned for one."""
    folder = Path(str(oracle.__file__)).parent
    texts = [(folder / f"{name}.py").read_text() for name in ("violations", "power", "reboot")]
    codes = {code for text in texts for code in re.findall(r'yield f?"([a-z-]+)(?:: |")', text)}
    codes |= {code for text in texts for code in re.findall(r'_location\("([a-z-]+)"', text)}
    # An upgrade to an image that landed within the minute before the call is listed, but is not a violation (rule 12).
    assert codes - set(KIND_OF) == {"landed-late"}
    assert {"unproven", "not-approved", "left-cordoned", "max-concurrent"} <= codes


def test_threads_are_not_messages_of_their_own() -> None:
    message = {"ts": "1", "posted": "2026-11-16T11:00:00+00:00", "text": "t", "blocks": []}
    assert [post.key for post in read_posts([{"id": "C1", "messages": [message, message | {"thread_ts": "1"}]}])] == [
        "1"
    ]


def test_an_unpatched_pool_that_nothing_prevented_is_harm() -> None:
    builder = JournalBuilder(cluster("dev", "dev", SYSTEM))
    assert [harm.text for harm in harmed(builder.verdict())] == ["not-upgraded: dev/system"]
