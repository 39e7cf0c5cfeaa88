"""`daytwo validate FILE`: checks a configuration."""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from ops.cli.output import say

EXIT_REFUSED = 2


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def validate(file: Path) -> None:
    """Check a configuration, and list every problem with file, line, value and remedy. Exit code 2 if there is a problem.

    Also checks the app settings in this environment that the configuration needs.
    """
    from ops.adapters.calendar_feeds import calendar_feeds
    from ops.chats import chat_kinds
    from ops.config import ConfigError, Feeds, load, read_beside, render_problems
    from ops.runbooks import runbooks
    from ops.settings.fleet import overlapping_rings

    today = datetime.now(UTC).date()
    feeds = Feeds(
        read_beside(file.parent, calendar_feeds(os.environ).fetch),
        today - timedelta(days=7),
        today + timedelta(days=400),
    )
    try:
        settings = load(file.read_bytes(), str(file), feeds, full=True)
    except ConfigError as error:
        say(render_problems(error.problems), err=True)
        sys.exit(EXIT_REFUSED)
    rings = ", ".join(ring.name for ring in settings.fleet.rings) or "none"
    for earlier, later in overlapping_rings(settings.fleet):
        click.echo(f"rings {earlier.name} and {later.name} can select the same cluster: {later.name} applies")
    for problem in (each for kind in chat_kinds().values() for each in kind.problems(settings, os.environ)):
        say(f"with the app settings of this environment: {problem}", err=True)
    on = [book.name for book in runbooks().values() if book.section and settings.get(book.section)]
    say(f"{file} is valid ({settings.hash}): rings {rings}; runbooks {', '.join(on) or 'none'}")
