"""`daytwo why CLUSTER`: what each runbook decides now, and the facts behind each decision."""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from ops.cli.output import TAGS_AS_REPORTED, say
from ops.model.azure_names import azure_key

EXIT_FAILED = 1
EXIT_REFUSED = 2


@click.command()
@click.argument("cluster")
@click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=Path("daytwo.yaml"))
@click.option("--facts", is_flag=True, help="Show the facts as JSON.")
def why(*, cluster: str, config: Path, facts: bool) -> None:
    """Show what each runbook decides now for CLUSTER (name or id). Read-only."""
    from ops.bootstrap import read_only_context
    from ops.ports.errors import OutsideError

    with tempfile.TemporaryDirectory() as folder:
        context = read_only_context(os.environ, Path(folder), config)
        if context.config.settings is None:
            say(context.config.problem, err=True)
            sys.exit(EXIT_REFUSED)
        try:
            sys.exit(_explain(context, cluster, show_facts=facts))
        except OutsideError as error:
            say(f"{error}", err=True)
            sys.exit(EXIT_FAILED)


def _explain(context: Any, cluster: str, *, show_facts: bool) -> int:
    from ops.engine.activities.assess import decide_now
    from ops.engine.preview import approvers_of, preview_run
    from ops.facts.fleet import list_fleet
    from ops.facts.fleet_membership import read_membership
    from ops.policy.cluster_notes import cluster_notes
    from ops.render.commands import decision_text
    from ops.runbooks import runbooks
    from ops.serialization import to_json

    settings, now = context.config.settings, context.ports.clock.now()
    fleet = list_fleet(context.ports, settings)
    match = next((c for c in fleet if azure_key(cluster) in (azure_key(c.name), c.id)), None)
    if match is None:
        say(f"Cluster {cluster} was not found. The clusters are: {', '.join(sorted(c.name for c in fleet))}.", err=True)
        return EXIT_REFUSED
    say(TAGS_AS_REPORTED, err=True)
    for note in cluster_notes(match, read_membership(context.ports.fleets, match.id, now), now):
        say(f"Note: {note}")
    for name, runbook in runbooks().items():
        decision, gathered = decide_now(context, preview_run(match, now, name), settings, now)
        say(f"{runbook.title}: {decision_text(decision, approvers_of(settings, match, name, decision))}")
        if show_facts:
            say(json.dumps(to_json(gathered), indent=1, default=str))
    return 0
