"""`daytwo role-assignments`: the commands that let the bot restart the machines of the configured clusters, and no others."""

import os
import shlex
import sys
import tempfile
from pathlib import Path

import click

EXIT_FAILED = 1
EXIT_REFUSED = 2


@click.command("role-assignments")
@click.option(
    "--principal", required=True, help="The principal ID of the bot: the output identityPrincipalId of main.bicep."
)
@click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=Path("daytwo.yaml"))
def role_assignments(principal: str, config: Path) -> None:
    """Print one `az role assignment create` per configured cluster, for its node resource group. Read-only."""
    from ops.bootstrap import read_only_context
    from ops.facts.fleet import list_fleet
    from ops.policy.rings import ring_of
    from ops.ports.errors import OutsideError

    with tempfile.TemporaryDirectory() as folder:
        context = read_only_context(os.environ, Path(folder), config)
        settings = context.config.settings
        if settings is None:
            click.echo(context.config.problem, err=True)
            sys.exit(EXIT_REFUSED)
        try:
            fleet = list_fleet(context.ports, settings)
        except OutsideError as error:
            click.echo(f"{error}", err=True)
            sys.exit(EXIT_FAILED)
    members = [cluster for cluster in fleet if ring_of(cluster, settings) is not None]
    for cluster in sorted(members, key=lambda each: each.id):
        click.echo(_command(principal, cluster.subscription, cluster.node_resource_group))
    click.echo(f"{len(members)} of {len(fleet)} clusters are in a ring", err=True)


def _command(principal: str, subscription: str, group: str) -> str:
    """Returns a line for a shell. The name of the resource group comes from Azure, so it is quoted."""
    scope = f"/subscriptions/{subscription}/resourceGroups/{group}"
    words = ["az", "role", "assignment", "create", "--assignee-object-id", principal]
    words += [
        "--assignee-principal-type",
        "ServicePrincipal",
        "--role",
        f"Daytwo reboots ({subscription})",
        "--scope",
        scope,
    ]
    return shlex.join(words)
