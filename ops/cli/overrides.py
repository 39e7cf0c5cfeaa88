"""`daytwo awake` and `daytwo skip`: a person's exceptions with an expiry date, set on the bot at DAYTWO_URL."""

import getpass
import os
import sys

import click

from ops.cli.output import say

EXIT_REFUSED = 2


@click.command()
@click.option("--target", required=True, help="The id of a managed cluster.")
@click.option("--until", required=True, help="When it expires, for example 2026-11-18T22:00+01:00.")
def awake(target: str, until: str) -> None:
    """Keep a cluster awake until a given time, regardless of its schedule."""
    sys.exit(_post("awake", target, until))


@click.command()
@click.option("--target", required=True, help="The id of a managed cluster.")
@click.option("--until", required=True, help="When it expires, for example 2026-11-23T00:00+01:00.")
def skip(target: str, until: str) -> None:
    """Skip node image upgrades on a cluster until a given time."""
    sys.exit(_post("skip", target, until))


def _post(kind: str, target: str, until: str) -> int:
    import httpx

    address = os.environ.get("DAYTWO_URL")
    if not address:
        say(
            "DAYTWO_URL is not set. Set it to the address of the bot that stores the override, and DAYTWO_KEY to its key.",
            err=True,
        )
        return EXIT_REFUSED
    body = {"target": target, "until": until, "by": getpass.getuser()}
    headers = {"x-functions-key": os.environ.get("DAYTWO_KEY", "")}
    try:
        answer = httpx.post(f"{address}/api/overrides/{kind}", json=body, headers=headers, timeout=30)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        say(f"calling {address}: {error}. Is the bot running there, and is DAYTWO_URL correct?", err=True)
        return 1
    if answer.is_error:
        problem = (
            answer.json().get("error", "")
            if answer.headers.get("content-type", "").startswith("application/json")
            else ""
        )
        say(f"{address} refused the override: {problem or answer.status_code}", err=True)
        return EXIT_REFUSED
    say(answer.json()["override"])
    return 0
