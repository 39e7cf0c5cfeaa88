"""`daytwo simulate`: only the simulated Azure, Kubernetes and chats."""

import click

from ops.cli.extras import require_simulator


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--clusters", type=click.IntRange(min=1), help="A random fleet with this many clusters.")
@click.option("--fleet", help="A named fleet: demo, random or untidy.")
@click.option("--story", help="A fleet in which people and systems act by themselves: attacker.")
@click.option("--seed", type=int, help="The seed of the random world.")
@click.option(
    "--speed", type=click.FloatRange(min=0), help="Virtual seconds per second; 0: time advances only on request."
)
@click.option("--faults", help="none, calm or rough.")
@click.option("--state", help="A folder that keeps the world; a later simulation with it continues where it stopped.")
def simulate(**options: object) -> None:
    """Serve a simulated fleet: prints KEY=value lines that point a real client to it, then serves until it is stopped."""
    require_simulator()
    from simulator.serve import main

    arguments = [part for name, value in options.items() if value is not None for part in (f"--{name}", str(value))]
    main(arguments)
