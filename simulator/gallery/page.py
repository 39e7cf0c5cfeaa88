"""The gallery: one page with every message in every state and every form, as shown in Slack, by a Teams webhook and by the Teams bot."""

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
    ("teams", "Teams, workflow webhook", "card"),
    ("teams-bot", "Teams, bot", "card"),
)
# The buttons do not do anything here, so they are not in the tab order.
_BUTTON = re.compile(r"<button\b")


@dataclass(frozen=True, slots=True)
class RenderedSample:
    """A message in one chat, rendered in each theme."""

    chat: str
    title: str
    themes: tuple[tuple[str, Markup], ...]


@dataclass(frozen=True, slots=True)
class SampleView:
    """A sample in every chat."""

    caption: str
    chats: tuple[RenderedSample, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """The samples in one section. `anchor` is the link target."""

    title: str
    anchor: str
    samples: tuple[SampleView, ...]


def gallery(drawer: Drawer) -> str:
    """Return the whole page, which is self-contained.

    Raises:
        DrawingError: the renderer rejects a message.
    """
    chapters = [
        Chapter(section, section.lower().replace(" ", "-"), tuple(_view_of(sample, drawer) for sample in found))
        for section, found in groupby(samples(), lambda sample: sample.section)
    ]
    forms = SampleView("Reasons for a rejection", tuple(_form(chat, drawer) for chat in ("slack", "teams-bot")))
    chapters.insert(1, Chapter("Forms", "forms", (forms,)))
    templates = Environment(
        loader=PackageLoader("simulator.gallery"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    style = drawer.style()
    return templates.get_template("gallery.html").render(chapters=chapters, style=style, drawn_by=drawer.by)


def _view_of(sample: Sample, drawer: Drawer) -> SampleView:
    return SampleView(sample.caption, tuple(_render(sample, chat, drawer) for chat in _CHATS))


def _render(sample: Sample, chat: tuple[str, str, Look], drawer: Drawer) -> RenderedSample:
    name, title, kind = chat
    content_parts = renderer(name)(sample.message)
    content = _slack_blocks(content_parts, sample.picture) if kind == "slack" else content_parts
    if name == "teams-bot":
        content = with_picture(content_parts, sample.picture)
    rendered: Sequence[tuple[str, Markup]] = [
        (theme, _without_focus(drawer.draw(kind, content, theme))) for theme in drawer.themes
    ]
    return RenderedSample(name, title, tuple(rendered))


def _form(chat: str, drawer: Drawer) -> RenderedSample:
    draw = draw_modal if chat == "slack" else draw_unfolded
    title = next(title for name, title, _ in _CHATS if name == chat)
    return RenderedSample(chat, title, tuple((theme, _without_focus(draw(drawer, theme))) for theme in drawer.themes))


def _slack_blocks(content_parts: Mapping[str, Json], picture: bytes | None) -> Json:
    """The blocks, in which the picture takes the place of the file uploaded to Slack."""
    blocks = with_file(content_parts, "F0GALLERY" if picture else "")
    if picture is None:
        return blocks
    address = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    return [{**block, "image_url": address} if _is_picture(block) else block for block in _objects(blocks)]


def _objects(blocks: Sequence[Json]) -> list[Mapping[str, Json]]:
    return [block for block in blocks if isinstance(block, Mapping)]


def _is_picture(block: Mapping[str, Json]) -> bool:
    return block.get("block_id") == PICTURE_BLOCK


def _without_focus(html: Markup) -> Markup:
    return Markup(_BUTTON.sub('<button tabindex="-1"', str(html)))  # noqa: S704 - `html` is Markup, and the replacement adds a constant attribute
