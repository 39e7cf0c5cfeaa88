"""`daytwo plan`: what is behind, who upgrades it, and what happens next; read-only, on the real fleet, without a deployment."""

import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ops.cli.output import TAGS_AS_REPORTED, say
from ops.model.wording import clock

if TYPE_CHECKING:
    from ops.engine.preview import PoolPreview
    from ops.model.fleet import Cluster
    from ops.settings import Settings

EXIT_FAILED = 1
EXIT_REFUSED = 2


@click.command()
@click.option("--subscription", help="Read this subscription, without a configuration.")
@click.option(
    "--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The configuration to plan with."
)
@click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text", show_default=True)
def plan(subscription: str | None, config: Path | None, shape: str) -> None:
    """Show each pool's image, how far it is behind, who upgrades it, and what happens next. Read-only."""
    from ops.bootstrap import read_only_context
    from ops.engine.preview import preview_pools
    from ops.model.fleet import Cluster, UnreadableCluster
    from ops.ports.errors import OutsideError

    if not subscription and config is None:
        config = Path("daytwo.yaml")
        if not config.exists():
            say("daytwo.yaml does not exist in this folder: pass --subscription ID or --config FILE.", err=True)
            sys.exit(EXIT_REFUSED)
    with tempfile.TemporaryDirectory() as folder:
        context = read_only_context(os.environ, Path(folder), config)
        if config and context.config.settings is None:
            say(context.config.problem, err=True)
            sys.exit(EXIT_REFUSED)
        settings = context.config.settings
        subscriptions = [subscription] if subscription else list(settings.fleet.subscriptions if settings else ())
        now = context.ports.clock.now()
        try:
            listed = [cluster for each in subscriptions for cluster in context.ports.clusters.list_clusters(each)]
            fleet = [cluster for cluster in listed if isinstance(cluster, Cluster)]
            for malformed in (each for each in listed if isinstance(each, UnreadableCluster)):
                say(f"{malformed.name} is left out: {malformed.why}", err=True)
            say(f"reading {len(fleet)} clusters", err=True)
            if settings is not None:
                say(TAGS_AS_REPORTED, err=True)
                _warn(settings, fleet, str(config))
            pools = preview_pools(context, settings, fleet, now)
        except OutsideError as error:
            say(
                f"{error}\nCheck the subscription id, and that `az login` (or the identity) has permission to read it.",
                err=True,
            )
            sys.exit(EXIT_FAILED)
    if shape == "json":
        say(json.dumps([asdict(pool) for pool in pools], default=str, indent=1))
    else:
        _print(pools)


def _warn(settings: "Settings", fleet: "list[Cluster]", source: str) -> None:
    """Prints the rings that do not have a cluster, and the clusters that several rings select."""
    from ops.config import check_fleet, clusters_in_several_rings, render_problems

    problems = check_fleet(settings, fleet, source)
    if problems:
        say(render_problems(problems), err=True)
    for line in clusters_in_several_rings(settings, fleet):
        say(line, err=True)


def _print(pools: "tuple[PoolPreview, ...]") -> None:
    from rich.console import Console
    from rich.table import Table

    from ops.engine.preview import behind_counted

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Cluster", "Pool", "Driver", "Behind", "Next"):
        table.add_column(name, overflow="fold", justify="right" if name == "Behind" else "left")
    last = ""
    for pool in pools:
        at = f" ({clock(pool.at)})" if pool.at else ""
        name = pool.pool or "(not listed)"
        table.add_row(pool.cluster if pool.cluster != last else "", name, pool.driver, pool.behind, pool.next + at)
        last = pool.cluster
    console = Console()
    if not console.is_terminal:
        console = Console(width=80, no_color=True)
    console.print(table)
    for cluster, notes in {pool.cluster: pool.notes for pool in pools}.items():
        for note in notes:
            console.print(f"\n{cluster}: {note}.")
    console.print(f"\n{behind_counted(pools)}.")
