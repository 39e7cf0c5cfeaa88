"""`daytwo awake` and `daytwo skip`: a person's expiring exceptions, set on the bot that DAYTWO_URL names."""

import getpass
import os
import sys

import click

EXIT_REFUSED = 2


@click.command()
@click.option("--target", required=True, help="The id of a managed cluster.")
@click.option("--until", required=True, help="When it expires, as in 2026-11-18T22:00+01:00.")
def awake(target: str, until: str) -> None:
    """Keep a cluster awake until a time, whatever its schedule says."""
    sys.exit(_post("awake", target, until))


@click.command()
@click.option("--target", required=True, help="The id of a managed cluster.")
@click.option("--until", required=True, help="When it expires, as in 2026-11-23T00:00+01:00.")
def skip(target: str, until: str) -> None:
    """Leave a cluster out of node images until a time."""
    sys.exit(_post("skip", target, until))


def _post(kind: str, target: str, until: str) -> int:
    import httpx

    address = os.environ.get("DAYTWO_URL")
    if not address:
        click.echo("DAYTWO_URL names no bot: set it (and DAYTWO_KEY) to the bot that keeps the override.", err=True)
        return EXIT_REFUSED
    body = {"target": target, "until": until, "by": getpass.getuser()}
    headers = {"x-functions-key": os.environ.get("DAYTWO_KEY", "")}
    try:
        answer = httpx.post(f"{address}/api/overrides/{kind}", json=body, headers=headers, timeout=30)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        click.echo(f"asking {address}: {error}. Is the bot there, and DAYTWO_URL right?", err=True)
        return 1
    if answer.is_error:
        said = (
            answer.json().get("error", "")
            if answer.headers.get("content-type", "").startswith("application/json")
            else ""
        )
        click.echo(f"{address} refused it: {said or answer.status_code}", err=True)
        return EXIT_REFUSED
    click.echo(answer.json()["override"])
    return 0
