"""The report on an invalid configuration: the line, the value, the problem, and the remedy."""

import pytest

from ops.config import ConfigError, Problem, check_fleet, clusters_in_several_rings, load, render_problems
from ops.config.document import Document
from ops.settings.fleet import overlapping_rings
from tests.fakes import cluster

GOOD = """\
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings:
    - {name: dev, select: {tags: {env: [dev, test]}}}
    - {name: prod, select: {tags: {env: prod}}, max-concurrent: 1 per region pair}
windows:
  nights: {days: mon-thu, from: "22:00", to: "05:00", zone: Europe/Amsterdam}
freezes:
  - {name: year end, from: 2026-12-18, to: 2027-01-04}
node-image: {window: nights, proven-for: 2d}
chat: {slack: {channel: C0123}}
"""


def problems_of(text: str | bytes) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as refused:
        load(text, "daytwo.yaml")
    return refused.value.problems


CASES = [
    # key names
    ("proven-for: 2d", "proven-four: 2d", 10, "proven-four", "this key is unknown", "did you mean proven-for?"),
    ("max-concurrent:", "max_concurrent:", 5, "max_concurrent", "this key is unknown", "did you mean max-concurrent?"),
    ("chat:", "reboots:", 11, "reboots", "this key is unknown", "did you mean reboot"),
    ("name: prod,", "approval: {of: 1}, name: prod,", 5, "approval", "this key is unknown", "remove it"),
    # renamed keys and values
    ("max-concurrent:", "at-once:", 5, "at-once", "renamed to max-concurrent", "write max-concurrent:"),
    ("proven-for: 2d", "wake-sleepers: true", 10, "wake-sleepers", "renamed to start-stopped-clusters", "write start-"),
    ("proven-for: 2d", "max-behind: 21d", 10, "max-behind", "renamed to max-image-age", "write max-image-age:"),
    ("chat:", "spot: {group-for: 10m}\nchat:", 11, "group-for", "renamed to group-within", "write group-within:"),
    ("chat:", "commands: [{from: [], may: [run]}]\nchat:", 11, "may", "renamed to allow", "write allow:"),
    (
        "chat:",
        "cost: {budgets: [{name: platform, offer: [sleep-dev]}]}\nchat:",
        11,
        "sleep-dev",
        "renamed to stop-dev-clusters",
        "write stop-dev-clusters",
    ),
    # people and approvals
    ("2d}", "2d, approval: {of: 1}}", 10, "", "from is missing", "add from:"),
    ("2d}", "2d, approval: {from: ana}}", 10, "ana", "neither a person nor a group has this name", "ana: {entra:"),
    ("2d}", "2d, approval: [[]]}", 10, "[]", "this is not a mapping", "{rings: [production], from: platform}"),
    (
        "2d}",
        "2d, approval: {from: [], rings: [production]}}",
        10,
        "production",
        "a ring with this name does not exist",
        "dev or prod",
    ),
    (
        "2d}",
        "2d, approval: {from: [], hours: office}}",
        10,
        "office",
        "a window with this name does not exist",
        "nights",
    ),
    ("2d}", "2d, approval: {from: [], remind-before: 2d}}", 10, "2d", "has expired by then", "write a shorter time"),
    (
        "2d}",
        "2d, approval: {from: [], risk: [high]}}",
        10,
        "high",
        "this is not allowed here",
        "drain or forced or in-place or surge",
    ),
    (
        "chat:",
        "people: {ana: {slack: U0ANA}}\nidentity: {slack-team: T0123}\nreboot: {window: nights, approval: {from: ana, of: 2}}\nchat:",
        13,
        "2",
        "1 can approve, fewer than are needed",
        "write 1 or less",
    ),
    (
        "chat:",
        "people: {ana: {slack: U0ANA}}\nchat:",
        11,
        "",
        "have slack ids, but their workspace is not set",
        "slack-team",
    ),
    (
        "chat:",
        "identity: {slack-team: T0123}\npeople: {ana: {slack: U0ANA}, ben: {slack: U0ANA}}\nchat:",
        12,
        "U0ANA",
        "ana already has this id",
        "give each person their own",
    ),
    (
        "chat:",
        "groups: {platform: [ana]}\nchat:",
        11,
        "ana",
        "a person with this name does not exist",
        "add it under people",
    ),
    ("chat:", "people: {ana: {entra: ana@example.com}}\nchat:", 11, "ana@", "the format is wrong", "0001"),
    (
        "chat:",
        "commands: [{from: [], allow: [delete]}]\nchat:",
        11,
        "delete",
        "this is not allowed here",
        "awake or cancel",
    ),
    # shapes
    ("window: nights, ", "", 10, "", "window is missing", "add window:"),
    ("{env: prod}", "{env: 7}", 5, "7", "this is not text or a list", "write it like prod"),
    ("proven-for: 2d", "proven-for: 2 days", 10, "2 days", "the format is wrong", "2d or 8h30m"),
    ("proven-for: 2d", "proven-nodes: 0", 10, "0", "this is less than 1", "write 1 or more"),
    ("proven-for: 2d", "start-stopped-clusters: 1", 10, "1", "this is not true or false", "write it like true"),
    ("proven-for: 2d", "driver: aks", 10, "aks", "this is not allowed here", "write auto, or leave it out"),
    ("1 per region pair", "2", 5, "2", "this is not text", "1 per region pair"),
    ("[00000000-0000-0000-0000-000000000000]", "[shop]", 2, "shop", "the format is wrong", "00000000"),
    ("C0123", "general", 11, "general", "the format is wrong", "C0123"),
    (", to: 2027-01-04", "", 9, "", "to is missing", "add to:"),
    ("name: year end,", "ics: x.ics,", 9, "ics: x.ics", "brings its own names", "leave only ics:"),
    # selects
    ("{tags: {env: prod}}", "{}", 5, "{}", "this selects nothing", "{tags: {env: prod}}"),
    ("{env: prod}", "{}", 5, "{}", "this selects nothing", "{env: [dev, test]}"),
    ("{tags: {env: prod}}", "{names: []}", 5, "[]", "this selects nothing", "[shop-*]"),
    (
        "{env: prod}",
        "{ENV: [test, dev]}",
        5,
        "the same select",
        "selects the same clusters as ring dev",
        "its own select",
    ),
    # names
    ("name: prod", "name: dev", 5, "dev", "another ring has this name", "give each ring its own"),
    ("window: nights", "window: night", 10, "night", "a window with this name does not exist", "write one of nights"),
    (
        "name: prod,",
        "name: prod, window: days,",
        5,
        "days",
        "a window with this name does not exist",
        "write one of nights",
    ),
    (
        "freezes:",
        "freezes:\n  - {name: year end, from: 2026-11-01, to: 2026-11-02}",
        10,
        "year end",
        "another freeze has this name",
        "give each freeze its own",
    ),
    # times
    ('"22:00"', '"25:00"', 7, "25:00", "this is not a valid time of day", "from 00:00 to 23:59"),
    ('"05:00"', '"24:00"', 7, "24:00", "24:00 is not a valid time of day", '"00:00"'),
    ('"05:00"', "5am", 7, "5am", "this is not a time of day", '"22:00"'),
    ('"05:00"', '"22:00"', 7, "22:00", "the window ends when it starts", "write another time"),
    ("mon-thu", "mon-thi", 7, "mon-thi", "mon-thi is not a day", "mon, tue, wed"),
    ("mon-thu", "mon-wed-fri", 7, "mon-wed-fri", "mon-wed-fri is not a day", "mon-thu"),
    ("mon-thu", "mont", 7, "mont", "mont is not a day", "mon-thu"),
    ("Europe/Amsterdam", "Europe/Amstredam", 7, "Amstredam", "this is not a time zone", "mean Europe/Amsterdam?"),
    ("Europe/Amsterdam", "amsterdam", 7, "amsterdam", "this is not a time zone", "did you mean Europe/Amsterdam"),
    ("Europe/Amsterdam", "CETT+1", 7, "CETT+1", "this is not a time zone", ""),
    ("Europe/Amsterdam", "../../etc", 7, "../../etc", "this is not a time zone", ""),
    ("2027-01-04", "2026-12-01", 9, "2026-12-18 to 2026-12-01", "ends before it begins", "swap from and to"),
    ("2027-01-04", "2027-02-30", 9, "2027-02-30", "neither a day nor an instant", "2026-12-18"),
    ("2027-01-04", "2027-01-04 12:00", 9, "12:00", "has no time zone", "add an offset"),
    ("2027-01-04", "2027-01-04T12:00:00Z", 9, "2027", "one end is a day and the other an instant", "two days"),
    ("proven-for: 2d", "proven-awake: 49h", 10, "49h", "longer than proven-for, 2d", "raise proven-for"),
    ("proven-for: 2d", "proven-awake: 90m", 10, "90m", "counted in whole hours", "whole hours"),
    # calendars
    (
        "{name: year end, from: 2026-12-18, to: 2027-01-04}",
        "{ics: a.ics}",
        9,
        "a.ics",
        "are not read here",
        "list the freezes",
    ),
    # secrets
    ("C0123", "xoxb-12-ab", 11, "xoxb…", "the file contains a secret", "put it into the key vault"),
    ("C0123", "C0123}, teams-bot: {conversation: general", 11, "general", "the format is wrong", "19:a1b2c3@"),
    (
        "slack: {channel: C0123}",
        'teams-bot: {conversation: "19:x@thread.tacv2;messageid=1", service-url: "https://smba.trafficmanager.net/emea/"}',
        11,
        "messageid",
        "the format is wrong",
        "19:a1b2c3@thread.tacv2",
    ),
    (
        "slack: {channel: C0123}",
        'teams-bot: {conversation: "19:x@thread.tacv2", service-url: "https://smba.trafficmanager.net.example/emea/"}',
        11,
        "net.example",
        "the format is wrong",
        "https://smba.trafficmanager.net/emea/",
    ),
    (
        "slack: {channel: C0123}",
        'teams-bot: {conversation: "19:x@thread.tacv2", service-url: "https://smba.trafficmanager.net/emea/"}',
        11,
        "",
        "the bot would reject everyone, because the tenant",
        "add identity: {entra-tenant: …}",
    ),
    ("freezes:", "# https://hooks.slack.com/services/T/B/x\nfreezes:", 8, "hook…", "contains a secret", "key vault"),
    # YAML
    ("chat:", "windows: {}\nchat:", 11, "windows", "this key is already set in line 6", "keep one of the two"),
    ("{window: nights,", "{window: nights, window: nights,", 10, "window", "set in line 10", "keep one"),
    ("chat: {", "? {a: 1}\n: 2\nchat: {", 11, "", "a key must be a word", "write the key as a word"),
    ("mon-thu", "&days mon-thu, a: *days", 7, "*days", "aliases are not supported", "write out the value"),
    ("mon-thu", "!secret mon-thu", 7, "mon-thu", "the tag !secret is not supported", "without it"),
    ("mon-thu,", "mon-thu", 7, "", "this is not YAML", "fix the YAML"),
    ("chat:", "--- \nchat:", 11, "", "this is not YAML", "fix the YAML"),
]


@pytest.mark.parametrize(("old", "new", "line", "value", "wrong", "remedy"), CASES)
def test_a_problem_is_reported_with_its_line_value_and_remedy(
    old: str, new: str, line: int, value: str, wrong: str, remedy: str
) -> None:
    """The document is `GOOD` with one change. The problem is reported for the changed line."""
    assert old in GOOD
    problems = problems_of(GOOD.replace(old, new, 1))
    assert any(
        problem.line == line
        and problem.file == "daytwo.yaml"
        and value in problem.value
        and wrong in problem.wrong
        and remedy in problem.remedy
        for problem in problems
    ), render_problems(problems)


def test_the_document_that_the_cases_change_is_valid() -> None:
    assert load(GOOD, "daytwo.yaml").fleet.rings[1].max_concurrent == 1


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (b"", "the file is empty"),
        (b"# nothing but a comment\n", "the file is empty"),
        (b"null", "the file is empty"),
        (b"- a\n- b\n", "this is not a mapping"),
        (b"fleet", "this is not a mapping"),
        (b"fleet: \xff\xfe", "this is not UTF-8"),
        (b"fleet: \x00", "a character that YAML does not allow"),
        (b'fleet: "\\UFFFFFFFF"', "this is not YAML"),
        (b"[" * 5000, "this is nested too deeply"),
        (b"#" * (256 * 1024 + 1), "the file is larger than 256 kB"),
        (b"fleet: &a [*a]", "aliases are not supported"),
    ],
)
def test_a_file_that_is_not_a_configuration_is_rejected(text: bytes, wrong: str) -> None:
    (problem,) = problems_of(text)
    assert wrong in problem.wrong


def test_all_problems_are_reported_in_line_order() -> None:
    text = GOOD.replace('"22:00"', '"25:00"').replace("Amsterdam", "Atlantis").replace("window: nights", "window: x")
    assert [(problem.line, problem.value) for problem in problems_of(text)] == [
        (7, "25:00"),
        (7, "Europe/Atlantis"),
        (10, "x"),
    ]


def test_wrong_shapes_and_names_and_sums_are_reported_together() -> None:
    """An unknown key hides neither a missing window nor two rings with the same clusters."""
    text = GOOD.replace("chat:", "chats:").replace("window: nights", "window: x").replace("prod}}", "[test, dev]}}")
    assert [problem.line for problem in problems_of(text)] == [5, 10, 11]


def test_a_required_key_under_its_old_name_causes_only_one_problem() -> None:
    (problem,) = problems_of(GOOD + "commands: [{from: [], may: [run]}]\n")
    assert (problem.where, problem.wrong) == ("commands[0].may", "this key has been renamed to allow")


def test_the_report_has_one_line_per_problem() -> None:
    text = GOOD.replace("proven-for", "proven-four")
    assert render_problems(problems_of(text)) == (
        "daytwo.yaml:10: node-image.proven-four: proven-four: this key is unknown; did you mean proven-for?"
    )


SECRET = "xoxb-1234567890-secret"


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("C0123", SECRET),
        GOOD.replace("mon-thu", SECRET),
        GOOD.replace('"22:00"', SECRET),
        GOOD.replace("Europe/Amsterdam", SECRET),
        GOOD.replace("2026-12-18", SECRET),
        GOOD.replace("name: year end, from: 2026-12-18, to: 2027-01-04", f"ics: {SECRET}"),
        GOOD.replace("window: nights", f"window: {SECRET}"),
        GOOD.replace("nights:", f"{SECRET}:").replace("window: nights", "window: night"),
        GOOD.replace("name: prod", f"name: {SECRET}").replace("name: dev", f"name: {SECRET}"),
        GOOD.replace("env: prod", f"env: {SECRET}").replace("[dev, test]", SECRET),
        GOOD.replace("2d}", f"2d, approval: {{from: {SECRET}}}}}"),
        GOOD + f"commands: [{{from: {SECRET}, allow: [run]}}]\n",
        GOOD + f"groups: {{platform: [{SECRET}]}}\n",
        GOOD + f"people: {{ana: {{slack: {SECRET}}}}}\n",
        GOOD + f"power: [{{select: {{tags: {{env: dev}}}}, awake: {SECRET}, zone: UTC}}]\n",
        GOOD + f"# {SECRET}\nreboots: {{}}\n",
    ],
)
def test_a_secret_is_never_repeated(text: str) -> None:
    problems = problems_of(text)
    assert {problem.wrong for problem in problems} == {"the file contains a secret"}
    assert "1234567890" not in render_problems(problems)


def test_a_message_about_a_value_masks_the_secrets_in_it() -> None:
    document = Document("daytwo.yaml", "")
    document.refuse_line(1, "", SECRET, f"{SECRET} does not exist", f"add {SECRET}")
    assert "1234567890" not in render_problems(document.problems)


def test_a_ring_that_selects_the_same_regions_as_another_one_in_another_order_is_refused() -> None:
    text = GOOD.replace("{tags: {env: [dev, test]}}", "{regions: [westeurope, North Europe]}")
    problems = problems_of(text.replace("{tags: {env: prod}}", "{regions: [northeurope, westeurope]}"))
    assert [(problem.line, problem.value) for problem in problems] == [(5, "the same select")]


PLACE = "subscriptions: [00000000-0000-0000-0000-00000000000a], resource-groups: [rg-shop-*]"


@pytest.mark.parametrize(
    "select",
    [
        "{tags: {env: dev}, regions: [westeurope]}",
        "{tags: {env: dev}, names: [pay-*]}",
        "{tags: {env: dev, team: web}}",
        "{tags: {env: dev}, subscriptions: [00000000-0000-0000-0000-00000000000b]}",
        "{tags: {env: dev}, resource-groups: [rg-pay-*]}",
    ],
)
def test_rings_with_a_contradicting_condition_cannot_overlap(select: str) -> None:
    first = f"{{tags: {{env: dev, team: shop}}, regions: [North Europe], names: [shop-*], {PLACE}}}"
    text = GOOD.replace("{tags: {env: [dev, test]}}", first).replace("{tags: {env: prod}}", select)
    assert list(overlapping_rings(load(text, "daytwo.yaml").fleet)) == []


@pytest.mark.parametrize(
    "select",
    [
        "{tags: {team: web}}",
        "{tags: {env: [prod, dev]}}",
        "{names: [shop-dev-*]}",
        "{subscriptions: [00000000-0000-0000-0000-00000000000A]}",
        "{resource-groups: [RG-*]}",
    ],
)
def test_of_two_rings_that_can_select_the_same_cluster_the_later_one_applies(select: str) -> None:
    first = f"{{tags: {{env: dev}}, {PLACE}}}"
    text = GOOD.replace("{tags: {env: [dev, test]}}", first).replace("{tags: {env: prod}}", select)
    pairs = overlapping_rings(load(text, "daytwo.yaml").fleet)
    assert [(earlier.name, later.name) for earlier, later in pairs] == [("dev", "prod")]


def test_validation_against_a_fleet_names_rings_without_clusters_and_clusters_in_several_rings() -> None:
    settings = load(GOOD.replace("{tags: {env: prod}}", "{names: [shop-*]}"), "d")
    shop, pay = cluster("shop-dev"), cluster("pay-dev")
    assert check_fleet(settings, [shop, pay]) == ()
    assert list(clusters_in_several_rings(settings, [shop, pay])) == [
        "shop-dev: the rings dev and prod select it; prod applies, because it is the last of them"
    ]
    assert [(problem.value, problem.wrong) for problem in check_fleet(settings, [shop])] == [
        ("dev", "this ring does not have any cluster in the fleet")
    ]
