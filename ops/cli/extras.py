"""Says what requires the extra `simulator`, and how to install it."""

import sys
from importlib.util import find_spec

import click

EXIT_REFUSED = 2
# One module from each package in the dependency group `simulator` in pyproject.toml.
SIMULATOR = ("azure_functions_runtime", "aiohttp", "croniter", "trustme", "jwt")


def require_simulator() -> None:
    """Exits with code 2, naming the command to run, if the libraries for the simulated world are not installed."""
    if all(find_spec(module) for module in SIMULATOR):
        return
    click.echo(
        "This command needs the simulated world: run `uv tool install '.[simulator]'` in a checkout of Daytwo.",
        err=True,
    )
    sys.exit(EXIT_REFUSED)
