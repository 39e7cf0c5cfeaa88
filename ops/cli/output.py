"""What the commands print. Names and texts from outside cannot control the terminal."""

import click

from ops.model.wording import visible

# The command line has no records of a deployed bot.
TAGS_AS_REPORTED = (
    "Tags are shown as Azure reports them; changes that a deployed bot holds are not known here (ask it in the chat)."
)


def say(text: str, *, err: bool = False) -> None:
    """Prints a line; with `err` to standard error, which is for people and not for programs."""
    click.echo(visible(text), err=err)
