"""The gallery: one page with every message in every state, and every form, as Slack, a Teams webhook and the Teams bot show them."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ops.chats import renderer
from ops.chats.slack.renderer import PICTURE_BLOCK
from ops.chats.slack.renderer import with_picture as with_file
from ops.chats.teams.renderer import with_picture
from ops.model.json import Json
from simulator.chat_preview.official_renderer import Drawer, Look
from simulator.gallery.forms import draw_modal, draw_unfolded
from simulator.gallery.samples import Sample, samples

_CHATS: tuple[tuple[str, str, Look], ...] = (
    ("slack", "Slack", "slack"),
    ("teams", "Teams, by a workflow's webhook", "card"),
    ("teams-bot", "Teams, by the bot", "card"),
)
# What nobody can press here gets no place in the order of the keyboard.
_BUTTON = re.compile(r"<button\b")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A message in one chat, drawn in each theme."""

    chat: str
    title: str
    themes: tuple[tuple[str, Markup], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A sample in every chat."""

    caption: str
    chats: tuple[Drawn, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """The samples of one section; `anchor` is what links to it."""

    title: str
    anchor: str
    shown: tuple[Shown, ...]


def gallery(drawer: Drawer) -> str:
    """The whole page, without anything from elsewhere. Raises DrawingError."""
    chapters = [
        Chapter(section, section.lower().replace(" ", "-"), tuple(_shown(sample, drawer) for sample in found))
        for section, found in groupby(samples(), lambda sample: sample.section)
    ]
    forms = Shown("why a request is rejected", tuple(_form(chat, drawer) for chat in ("slack", "teams-bot")))
    chapters.insert(1, Chapter("Forms", "forms", (forms,)))
    templates = Environment(
        loader=PackageLoader("simulator.gallery"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    style = Markup(drawer.style())  # noqa: S704 - the renderers' own style sheet, within a style element
    return templates.get_template("gallery.html").render(chapters=chapters, style=style, drawn_by=drawer.by)


def _shown(sample: Sample, drawer: Drawer) -> Shown:
    return Shown(sample.caption, tuple(_drawn(sample, chat, drawer) for chat in _CHATS))


def _drawn(sample: Sample, chat: tuple[str, str, Look], drawer: Drawer) -> Drawn:
    name, title, look = chat
    made = renderer(name)(sample.message)
    content = _sent_to_slack(made, sample.picture) if look == "slack" else made
    if name == "teams-bot":
        content = with_picture(made, sample.picture)
    drawn: Sequence[tuple[str, Markup]] = [
        (theme, _still(drawer.draw(look, content, theme))) for theme in drawer.themes
    ]
    return Drawn(name, title, tuple(drawn))


def _form(chat: str, drawer: Drawer) -> Drawn:
    draw = draw_modal if chat == "slack" else draw_unfolded
    title = next(title for name, title, _ in _CHATS if name == chat)
    return Drawn(chat, title, tuple((theme, _still(draw(drawer, theme))) for theme in drawer.themes))


def _sent_to_slack(made: Mapping[str, Json], picture: bytes | None) -> Json:
    """The blocks with the picture where Slack shows the uploaded file."""
    blocks = with_file(made, "F0GALLERY" if picture else "")
    if picture is None:
        return blocks
    address = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    return [{**block, "image_url": address} if _is_picture(block) else block for block in _objects(blocks)]


def _objects(blocks: Sequence[Json]) -> list[Mapping[str, Json]]:
    return [block for block in blocks if isinstance(block, Mapping)]


def _is_picture(block: Mapping[str, Json]) -> bool:
    return block.get("block_id") == PICTURE_BLOCK


def _still(html: Markup) -> Markup:
    return Markup(_BUTTON.sub('<button tabindex="-1"', str(html)))  # noqa: S704 - the drawer's own HTML
