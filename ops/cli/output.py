"""What the commands print. Names and texts from outside cannot control the terminal."""

import click

from ops.model.wording import visible


def say(text: str, *, err: bool = False) -> None:
    """Prints a line; with `err` to standard error, which is for people and not for programs."""
    click.echo(visible(text), err=err)
