"""`daytwo run`: starts a run, on the deployed bot if DAYTWO_URL is set, otherwise from this machine."""

import asyncio
import getpass
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ops.cli.extras import require_simulator
from ops.cli.output import say
from ops.model.wording import instant

if TYPE_CHECKING:
    import httpx

    from ops.context import Context

_FINAL = ("done", "halted", "failed", "skipped")
_LOOK_EVERY_S = 2.0
EXIT_FAILED = 1
EXIT_REFUSED = 2


@click.command()
@click.argument("runbook")
@click.option("--target", required=True, help="The id of a managed cluster.")
@click.option("--dry-run", is_flag=True, help="Decide and show the plan, but change nothing.")
@click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=Path("daytwo.yaml"))
@click.option("--state", type=click.Path(file_okay=False, path_type=Path), default=Path(".daytwo"), show_default=True)
def run(*, runbook: str, target: str, dry_run: bool, config: Path, state: Path) -> None:
    """Start a run of RUNBOOK and follow it until it ends."""
    if os.environ.get("DAYTWO_URL"):
        sys.exit(
            asyncio.run(
                _remote(os.environ["DAYTWO_URL"], os.environ.get("DAYTWO_KEY", ""), runbook, target, dry_run=dry_run)
            )
        )
    if dry_run:
        sys.exit(_decide(runbook, target, config))
    require_simulator()
    from ops.cli.local import state_problems

    with state_problems():
        sys.exit(asyncio.run(_local(runbook, target, config.resolve(), state)))


def _decide(runbook: str, target: str, config: Path) -> int:
    from ops.bootstrap import read_only_context
    from ops.ports.errors import OutsideError
    from ops.runbooks import runbooks

    if runbook not in runbooks():
        say(f"Runbook {runbook} does not exist. The runbooks are: {', '.join(runbooks())}.", err=True)
        return EXIT_REFUSED
    with tempfile.TemporaryDirectory() as folder:
        context = read_only_context(os.environ, Path(folder), config)
        if context.config.settings is None:
            say(context.config.problem, err=True)
            return EXIT_REFUSED
        try:
            return _show_decision(context, runbook, target)
        except OutsideError as error:
            say(f"{error}", err=True)
            return EXIT_FAILED


def _show_decision(context: "Context", runbook: str, target: str) -> int:
    from ops.engine.activities.assess import decide_now
    from ops.engine.preview import preview_run
    from ops.model.decision import Act, Nothing, Report, Wait

    settings, now = context.config.settings, context.ports.clock.now()
    if settings is None:
        return EXIT_REFUSED
    cluster = context.ports.clusters.cluster(target)
    decision, _ = decide_now(context, preview_run(cluster, now, runbook), settings, now)
    match decision:
        case Act(plan):
            say(f"Daytwo would act now on {cluster.name} (plan {plan.hash}):")
            for line in (*(step.title for step in plan.steps), *plan.warnings):
                say(f"  {line}")
            skips = plan.skips
        case Wait(until, why):
            say(f"Daytwo would wait until {instant(until)}: {why}")
            skips = decision.skips
        case Nothing(why):
            say(f"Nothing to do on {cluster.name}: {why}")
            skips = decision.skips
        case Report(headline):
            say(headline)
            skips = decision.skips
    for skip in skips:
        say(f"  skipped: {skip.what}: {skip.why}")
    return 0


async def _local(runbook: str, target: str, config: Path, state: Path) -> int:
    from ops.cli.local import local_host

    host, key = local_host(state, config)
    address = await host.start()
    try:
        return await _remote(address, key, runbook, target, dry_run=False)
    finally:
        await host.stop()


async def _remote(address: str, key: str, runbook: str, target: str, *, dry_run: bool) -> int:
    import httpx

    body = {"target": target, "dry_run": dry_run, "by": getpass.getuser()}
    try:
        async with httpx.AsyncClient(base_url=address, headers={"x-functions-key": key}, timeout=30) as client:
            answer = await client.post(f"/api/runbooks/{runbook}", json=body)
            if answer.is_error:
                say(f"{address} refused the run: {_error(answer)}", err=True)
                return EXIT_REFUSED
            return await _follow(client, answer.headers["Location"])
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        say(f"calling {address}: {error}. Is the bot running there, and is DAYTWO_URL correct?", err=True)
        return EXIT_FAILED


async def _follow(client: "httpx.AsyncClient", location: str) -> int:
    last = ""
    while True:
        resource: Mapping[str, Any] = (await client.get(location)).raise_for_status().json()
        line = _line(resource)
        if line != last:
            say(line, err=True)
            last = line
        if resource["state"] in _FINAL:
            say(f"{resource['id']}: {resource['state']}: {resource.get('why') or resource.get('headline', '')}")
            return EXIT_FAILED if resource["state"] == "failed" else 0
        await asyncio.sleep(_LOOK_EVERY_S)


def _line(shown: Mapping[str, Any]) -> str:
    steps = [f"{step['title']} {step.get('state', 'planned')}" for step in shown.get("steps", ())]
    return " · ".join([shown["state"], *filter(None, [shown.get("why", "")]), *steps])


def _error(answer: "httpx.Response") -> str:
    try:
        return str(answer.json().get("error", answer.status_code))
    except ValueError:
        return f"HTTP {answer.status_code}"
