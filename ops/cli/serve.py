"""`daytwo serve`: the bot on this machine, without Azure Functions."""

import asyncio
import contextlib
import signal
from pathlib import Path

import click

from ops.cli.extras import require_simulator


@click.command()
@click.option("--state", type=click.Path(file_okay=False, path_type=Path), default=Path(".daytwo"), show_default=True)
@click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), default=Path("daytwo.yaml"), show_default=True
)
@click.option("--port", type=int, default=0, help="0 selects a free port.")
def serve(state: Path, config: Path, port: int) -> None:
    """Run the bot until Ctrl-C. With the same --state it resumes where it stopped, even after it was killed."""
    require_simulator()
    from ops.cli.local import state_problems

    with contextlib.suppress(KeyboardInterrupt), state_problems():
        asyncio.run(_serve(state, config.resolve(), port))


async def _serve(state: Path, config: Path, port: int) -> None:
    """Serves until a signal.

    Raises:
        StateUnusableError: the engine's state can no longer be stored. It ends here, and the next start continues from what is stored.
    """
    from ops.cli.local import configuration_problem, local_host

    host, _ = local_host(state, config, port)
    problem = configuration_problem()
    if problem:
        click.echo(f"the configuration is not valid, so nothing new starts until it is: {problem}", err=True)
    address = await host.start()
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    click.echo(f"DAYTWO_URL={address}")
    click.echo(f"# the function key is in {state / 'function-key'}; runs: {address}/api/runs", err=True)
    stopped, failed = asyncio.create_task(stop.wait()), asyncio.create_task(host.until_failure())
    await asyncio.wait((stopped, failed), return_when=asyncio.FIRST_COMPLETED)
    await host.stop()
    if failed.done():
        from simulator.host.files import StateUnusableError

        raise StateUnusableError(failed.result())
    failed.cancel()
