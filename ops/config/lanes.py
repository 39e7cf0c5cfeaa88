"""The sections of the other operations: reboot, power, spot, cost, and where messages go."""

from collections.abc import Iterator, Mapping

from ops.config.document import Document, Path, Value
from ops.config.parts import Section, defaults, known_window, section, sections, select, text, texts, understood
from ops.config.times import Refusal, read_days, read_duration, read_time, read_zone
from ops.model.calendar import Window
from ops.model.settings import (
    Budget,
    ChatSettings,
    RebootSettings,
    Ring,
    Route,
    Schedule,
    SpotSettings,
    TeamsBotSettings,
)


def read_reboot(document: Document, windows: Mapping[str, Window]) -> RebootSettings | None:
    """The section `reboot`, None where it is absent."""
    if "reboot" not in document.root:
        return None
    said = {**defaults("reboot"), **section(document.root, "reboot")}
    window = known_window(document, ("reboot", "window"), said["window"], windows)
    if window is None:
        return None
    return RebootSettings(window, text(said, "annotation"), read_duration(text(said, "drain-timeout")))


def read_power(document: Document, rings: tuple[Ring, ...]) -> Iterator[Schedule]:
    """The section `power`. A schedule for the last ring is refused: production never sleeps."""
    for number, said in enumerate(sections(document.root.get("power"))):
        path: Path = ("power", number)
        chosen = select(section(said, "select"))
        if rings and chosen == rings[-1].select:
            wrong = f"this selects the last ring, {rings[-1].name}, which never sleeps"
            document.refuse((*path, "select"), rings[-1].name, wrong, "select clusters of an earlier ring")
        awake = _awake(document, path, said) if "awake" in said else None
        yield Schedule(chosen, awake)


def parse_awake(words: str, zone: str) -> Window | str:
    """`mon-fri 08:00-19:00` in a zone as a window, or what is wrong with it. A cluster's tag is written the same way."""
    days, _, hours = words.strip().partition(" ")
    start, _, end = hours.partition("-")
    on, begins, ends, where = read_days(days), read_time(start.strip()), read_time(end.strip()), read_zone(zone)
    if isinstance(on, Refusal):
        return f"{on.wrong}: {on.remedy}"
    if isinstance(begins, Refusal) or isinstance(ends, Refusal):
        return "these are no times of day: write them as in 08:00-19:00"
    if isinstance(where, Refusal):
        return f"{where.wrong}: {where.remedy}"
    if begins == ends:
        return "it ends as it starts"
    return Window("awake", on, begins, ends, where)


def read_spot(root: Section) -> SpotSettings | None:
    """The section `spot`, None where it is absent."""
    if "spot" not in root:
        return None
    said = {**defaults("spot"), **section(root, "spot")}
    return SpotSettings(read_duration(text(said, "group-for")))


def read_budgets(root: Section) -> tuple[Budget, ...]:
    """The budgets of the section `cost`."""
    said = sections(section(root, "cost").get("budgets"))
    return tuple(Budget(text(each, "name"), tuple(texts(each.get("offer")))) for each in said)


def read_chat(document: Document, windows: Mapping[str, Window]) -> ChatSettings:
    """The section `chat`."""
    chat = section(document.root, "chat")
    slack = section(chat, "slack")
    routes = read_routes(slack)
    teams: Value = chat.get("teams")
    envelope = None if teams is None else str(section(chat, "teams").get("envelope", "message"))
    digest = known_window(document, ("chat", "digest"), chat["digest"], windows) if "digest" in chat else None
    bot = _teams_bot(document, section(chat, "teams-bot"))
    return ChatSettings(text(slack, "channel") if slack else None, routes, envelope, bot, digest)


def _teams_bot(document: Document, said: Section) -> TeamsBotSettings | None:
    """The bot of Teams; it belongs to one tenant, and takes nothing from another."""
    if not said:
        return None
    if not section(document.root, "identity").get("entra-tenant"):
        wrong = "the bot would refuse everybody: nobody says of which tenant your people are"
        document.refuse(("chat", "teams-bot"), "", wrong, "add identity: {entra-tenant: …}")
    return TeamsBotSettings(text(said, "conversation"), text(said, "service-url"), read_routes(said))


def read_routes(chat: Section) -> tuple[Route, ...]:
    """The routes of one chat."""
    return tuple(Route(select(section(each, "select")), text(each, "channel")) for each in sections(chat.get("routes")))


def _awake(document: Document, path: Path, said: Section) -> Window | None:
    if "zone" not in said:
        document.refuse((*path, "awake"), said["awake"], "times need a zone", "add zone:, as in zone: Europe/Amsterdam")
        return None
    zone = understood(document, (*path, "zone"), said["zone"], read_zone(text(said, "zone")))
    if zone is None:
        return None
    read = parse_awake(text(said, "awake"), zone)
    if isinstance(read, str):
        document.refuse((*path, "awake"), said["awake"], read, 'write it as in "mon-fri 08:00-19:00"')
        return None
    return read
