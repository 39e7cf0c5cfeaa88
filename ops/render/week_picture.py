"""Pure: the picture of the week as a separate image, with colors, title and legend, 1200 units wide."""

from dataclasses import replace

from markupsafe import Markup

from ops.render.phrases import plural
from ops.render.timeline import Frame, Lane, Week, lanes_of
from ops.runbooks import runbooks
from ops.runbooks.contract import TimelineBar

WIDTH = 1200
_PAD = 28
_MOST_LANES = 40
_MOST_NAME = 30
_MOST_TITLE = 90
# The width of a Roboto letter at 15 units, slightly above the average.
_LETTER = 7.4
_LEGEND_ROW = 26
_STATES = {
    "window": "window",
    "frozen": "freeze",
    "sleep": "asleep",
    "aks": "done by AKS",
    "failed": "failed",
    "now": "now",
}
# One palette for light and dark chats, on a light card. Kinds differ in lightness as well as in hue.
_STYLE = Markup("""<style>
text {{ font-family: Roboto; font-size: 15px; fill: #1c2024 }}
.title {{ font-size: 23px; font-weight: 500 }}
.head, .legend, .more {{ fill: #5b646d; font-size: 14px }}
line {{ stroke: #e3e5e8 }} .noon {{ stroke-dasharray: 1 4; stroke: #cfd4d9 }} .day {{ stroke: #d5d9dd }}
.now {{ stroke: #b3261e; stroke-width: 2.5 }}
.window {{ fill: #dfe9fa }} .frozen {{ fill: url(#hatch) }} .hatch {{ stroke: #7a848e; stroke-width: 1.8 }}
.sleep {{ fill: #c3c9cf }} .aks {{ fill: #8d959e }} .failed {{ fill: #b3261e }}
{}</style>""")


def picture(week: Week, title: str) -> str:
    """Returns an SVG document. Clusters that do not fit are counted at its end."""
    visible = replace(week, lanes=tuple(_named(lane) for lane in week.lanes[:_MOST_LANES]))
    longest = max((len(lane.name) for lane in visible.lanes), default=0)
    inner = Frame(
        left=max(96.0, longest * _LETTER + 18), top=36, row=31, width=WIDTH - 2 * _PAD, bar=15, sleep=6, now_above=8
    )
    floor = inner.floor(len(visible.lanes))
    more = len(week.lanes) - len(visible.lanes)
    foot = floor + (24 if more else 0) + 18
    legend, legend_height = _legend(visible, inner.width)
    height = 62 + foot + legend_height + _PAD
    parts = [
        Markup('<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1:g}" viewBox="0 0 {0} {1:g}">').format(
            WIDTH, height
        ),
        _STYLE.format(Markup("").join(_fill(bar) for bar in runbook_bars())),
        Markup('<rect width="{}" height="{:g}" fill="#ffffff"/>').format(WIDTH, height),
        Markup('<text class="title" x="{}" y="46">{}</text>').format(_PAD, _fitting(title, _MOST_TITLE)),
        Markup('<g transform="translate({} 62)">').format(_PAD),
        lanes_of(visible, inner),
        Markup('<text class="more" x="0" y="{:g}">and {} more</text>').format(floor + 22, more) if more else Markup(""),
        Markup('<g transform="translate(0 {:g})">').format(foot),
        legend,
        Markup("</g></g></svg>"),
    ]
    return str(Markup("").join(parts))


def words(week: Week) -> str:
    """Describes the picture in words, for people who cannot see it."""
    counted = {bar.kind: bar.counted_as for bar in runbook_bars() if bar.counted_as} | {"failed": "failure"}
    bars = [bar.kind for lane in week.lanes for bar in lane.bars]
    drawn = [plural(bars.count(kind), word) for kind, word in counted.items() if kind in bars]
    return f"Timeline of the week for {plural(len(week.lanes), 'cluster')}: {', '.join(drawn) or 'nothing was done'}"


def runbook_bars() -> tuple[TimelineBar, ...]:
    """Returns the bars of the runbooks in reverse order of precedence: the most frequent operations first."""
    books = sorted(runbooks().values(), key=lambda book: book.rank, reverse=True)
    return tuple(book.bar for book in books if book.bar is not None)


def _labels() -> dict[str, str]:
    """Returns the legend: windows and freezes, the runbooks, then everything that is not a run."""
    first = {kind: _STATES[kind] for kind in ("window", "frozen")}
    return first | {bar.kind: bar.label for bar in runbook_bars()} | _STATES


def _fill(bar: TimelineBar) -> Markup:
    return Markup(".{} {{ fill: {} }}\n").format(bar.kind, bar.light)


def _named(lane: Lane) -> Lane:
    """Returns the lane without tooltips and with a name that fits."""
    bars = tuple(replace(bar, says="") for bar in lane.bars)
    return replace(lane, name=_fitting(lane.name, _MOST_NAME), bars=bars)


def _fitting(text: str, most: int) -> str:
    # XML does not allow control characters, whether escaped or not.
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return printable if len(printable) <= most else f"{printable[: most - 1]}…"


def _legend(week: Week, width: float) -> tuple[Markup, float]:
    """Returns the legend for the kinds in the picture, on as many lines as needed, and its height."""
    drawn = {bar.kind for lane in week.lanes for bar in lane.bars}
    drawn |= {"window"} if any(lane.windows for lane in week.lanes) else set()
    drawn |= {"frozen"} if any(lane.frozen for lane in week.lanes) else set()
    drawn |= {"now"} if week.now in week.span else set()
    x, y = 0.0, 0.0
    parts: list[Markup] = []
    labels = _labels()
    for kind in (kind for kind in labels if kind in drawn):
        room = 28 + len(labels[kind]) * _LETTER + 22
        if x and x + room > width:
            x, y = 0.0, y + _LEGEND_ROW
        parts.append(_sign(kind, x, y))
        parts.append(
            Markup('<text class="legend" x="{:.1f}" y="{:.1f}">{}</text>').format(x + 28, y + 12, labels[kind])
        )
        x += room
    return Markup("").join(parts), y + 16


def _sign(kind: str, x: float, y: float) -> Markup:
    if kind == "now":
        return Markup('<line class="now" x1="{0:.1f}" y1="{1:.1f}" x2="{0:.1f}" y2="{2:.1f}"/>').format(
            x + 10, y - 1, y + 15
        )
    top, thick = (y + 4, 6) if kind == "sleep" else (y, 14)
    return Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="20" height="{}" rx="2"/>').format(kind, x, top, thick)
