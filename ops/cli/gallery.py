"""`daytwo gallery`: every message in every state, on one page."""

import sys
from pathlib import Path

import click

from ops.cli.extras import require_simulator
from ops.cli.output import say


@click.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("gallery.html"), show_default=True)
def gallery(out: Path) -> None:
    """Write one page with every message that Daytwo sends, as each chat shows it, light and dark."""
    require_simulator()
    from simulator.chat_preview.official_renderer import DrawingError, drawer
    from simulator.gallery.page import gallery as drawn_gallery

    try:
        with drawer() as found:
            text = drawn_gallery(found)
    except DrawingError as error:
        say(f"Drawing the gallery failed: {error}\nRemove Daytwo's cache folder, then try again.", err=True)
        sys.exit(1)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text)
    say(f"{out}: {len(text) // 1024} kB, {found.by}")
