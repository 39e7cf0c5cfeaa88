"""A document of the right shape to settings: what no schema can say is checked here."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from hashlib import sha256
from json import dumps
from types import MappingProxyType
from typing import cast

from ops.config.document import Document, Path
from ops.config.feeds import FeedError, Feeds, freezes_of, shown_location
from ops.config.lanes import read_budgets, read_chat, read_power, read_reboot, read_spot
from ops.config.overlap import overlap
from ops.config.parts import Section, defaults, known_window, section, sections, select, text, texts, understood
from ops.config.people import check_groups, read_approvals, read_commands, read_people
from ops.config.times import read_days, read_duration, read_freeze_edges, read_time, read_zone
from ops.model.calendar import Freeze, Window
from ops.model.settings import FleetSettings, NodeImageSettings, Ring, Settings


def read_settings(document: Document, feeds: Feeds | None) -> Settings:
    """The settings that a document of the right shape states, defaults filled in.

    Raises:
        ConfigError: with everything that no schema can see: zones, times, names, rings that overlap, feeds.
    """
    root = document.root
    windows = _windows(document, section(root, "windows"))
    rings = _rings(document, windows)
    freezes = tuple(_freezes(document, feeds))
    node_image = _node_image(document, windows)
    reboot = read_reboot(document, windows)
    power = tuple(read_power(document, rings))
    people = read_people(document)
    check_groups(document)
    approvals = read_approvals(document, windows, rings)
    commands = read_commands(document, rings)
    chat = read_chat(document, windows)
    document.raise_problems()
    return Settings(
        fleet=FleetSettings(tuple(texts(section(root, "fleet")["subscriptions"])), rings),
        windows=MappingProxyType(windows),
        freezes=freezes,
        node_image=node_image,
        chat=chat,
        hash=content_hash(document),
        reboot=reboot,
        power=power,
        spot=read_spot(root),
        budgets=read_budgets(root),
        people=people,
        approvals=approvals,
        commands=commands,
    )


def content_hash(document: Document) -> str:
    """Twelve hexadecimal digits that name what a document says: comments, order of keys and layout aside."""
    canonical = dumps(document.root, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()[:12]


def _windows(document: Document, said: Section) -> dict[str, Window]:
    windows: dict[str, Window] = {}
    for name in said:
        window = _window(document, name, section(said, name), ("windows", name))
        if window is not None:
            windows[name] = window
    return windows


def _window(document: Document, name: str, said: Section, path: Path) -> Window | None:
    start = understood(document, (*path, "from"), said["from"], read_time(text(said, "from")))
    end = understood(document, (*path, "to"), said["to"], read_time(text(said, "to")))
    days = said["days"]
    listed = days if isinstance(days, str) else ",".join(texts(days))
    on = understood(document, (*path, "days"), days, read_days(listed))
    zone = understood(document, (*path, "zone"), said["zone"], read_zone(text(said, "zone")))
    if start is None or end is None or on is None or zone is None:
        return None
    if start == end:
        document.refuse((*path, "to"), said["to"], "the window ends as it starts", "write another time")
        return None
    return Window(name, on, start, end, zone)


def _rings(document: Document, windows: Mapping[str, Window]) -> tuple[Ring, ...]:
    rings: list[Ring] = []
    for number, said in enumerate(sections(section(document.root, "fleet")["rings"])):
        path: Path = ("fleet", "rings", number)
        ring = Ring(
            name=text(said, "name"),
            select=select(section(said, "select")),
            window=known_window(document, (*path, "window"), said.get("window"), windows),
            at_once=int(text(said, "at-once").split()[0]) if "at-once" in said else None,
        )
        for other in rings:
            _check_apart(document, path, ring, other)
        rings.append(ring)
    return tuple(rings)


def _check_apart(document: Document, path: Path, ring: Ring, other: Ring) -> None:
    if ring.name == other.name:
        document.refuse((*path, "name"), ring.name, "another ring has this name", "give each ring its own")
    common = overlap(ring.select, other.select)
    if common is not None:
        wrong = f"ring {ring.name} and ring {other.name} can select the same cluster by {common}"
        document.refuse((*path, "select"), common, wrong, "make sure that each cluster is in one ring at most")


def _freezes(document: Document, feeds: Feeds | None) -> Iterable[Freeze]:
    names: set[str] = set()
    for number, said in enumerate(sections(document.root.get("freezes"))):
        path: Path = ("freezes", number)
        if "ics" in said:
            yield from _fed(document, (*path, "ics"), text(said, "ics"), feeds)
            continue
        name = text(said, "name")
        if name in names:
            document.refuse((*path, "name"), name, "another freeze has this name", "give each freeze its own")
        names.add(name)
        zone = _zone(document, path, said)
        value = f"{said['from']} to {said['to']}"
        edges = understood(
            document, (*path, "from"), value, read_freeze_edges(text(said, "from"), text(said, "to"), zone)
        )
        if edges is not None:
            yield Freeze(name, *edges, zone)


def _zone(document: Document, path: Path, said: Section) -> str | None:
    if "zone" not in said:
        return None
    return understood(document, (*path, "zone"), said["zone"], read_zone(text(said, "zone")))


def _fed(document: Document, path: Path, location: str, feeds: Feeds | None) -> tuple[Freeze, ...]:
    place = shown_location(location)
    if feeds is None:
        document.refuse(path, place, "calendars are not read here", "write the freezes out")
        return ()
    try:
        return freezes_of(feeds.read(location), feeds)
    except FeedError as error:
        document.refuse(path, place, f"the calendar cannot be used: {error}", "mend it, or write the freezes out")
        return ()


def _node_image(document: Document, windows: Mapping[str, Window]) -> NodeImageSettings | None:
    if "node-image" not in document.root:
        return None
    said = {**defaults("node-image"), **section(document.root, "node-image")}
    window = known_window(document, ("node-image", "window"), said["window"], windows)
    proven_for, proven_awake = read_duration(text(said, "proven-for")), read_duration(text(said, "proven-awake"))
    if proven_awake > proven_for:
        wrong = f"an image cannot be awake for longer than proven-for, {said['proven-for']}"
        document.refuse(("node-image", "proven-awake"), said["proven-awake"], wrong, "write less, or raise proven-for")
    if proven_awake % timedelta(hours=1):
        wrong = "awake hours are counted whole"
        document.refuse(("node-image", "proven-awake"), said["proven-awake"], wrong, "write whole hours, as in 8h")
    if window is None:
        return None
    return NodeImageSettings(
        window=window,
        proven_for=proven_for,
        proven_awake=proven_awake,
        proven_nodes=cast("int", said["proven-nodes"]),
        max_behind=read_duration(text(said, "max-behind")),
        wake_sleepers=cast("bool", said["wake-sleepers"]),
        failure_budget=cast("int", said["failure-budget"]),
    )
