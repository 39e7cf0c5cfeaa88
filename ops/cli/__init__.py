"""The `daytwo` command. Each subcommand has its own file, which imports what it needs only when it runs."""

from importlib.metadata import PackageNotFoundError, version

import click

_WELCOME = """Day-2 operations for AKS clusters. Start with one of these:

daytwo demo                        a simulated fleet through one week, live in the browser
daytwo plan --subscription ID      what is behind on your own fleet, read-only
daytwo validate daytwo.yaml        check a configuration

All commands: daytwo --help
"""


def _version() -> str:
    try:
        return version("daytwo")
    except PackageNotFoundError:
        return "from a checkout"


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), prog_name="daytwo", message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """A day-2 operations bot for Azure Kubernetes Service."""
    if context.invoked_subcommand is None:
        click.echo(_WELCOME)


def _register() -> None:
    from ops.cli import (
        completion,
        demo,
        gallery,
        overrides,
        plan,
        role_assignments,
        run,
        serve,
        simulate,
        validate,
        why,
    )

    commands = (
        completion.completion,
        demo.demo,
        gallery.gallery,
        plan.plan,
        role_assignments.role_assignments,
        run.run,
        serve.serve,
        simulate.simulate,
        validate.validate,
        why.why,
        overrides.awake,
        overrides.skip,
    )
    for command in commands:
        main.add_command(command)


_register()
