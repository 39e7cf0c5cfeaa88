"""`daytwo demo`: a simulated fleet through one week."""

from pathlib import Path

import click

from ops.cli.extras import require_simulator


@click.command()
@click.option("--days", type=click.IntRange(1, 28), default=7, show_default=True)
@click.option("--headless", is_flag=True, help="Do not open the page; end with a summary.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the summary to this file."
)
@click.option("--seed", type=int, default=1, show_default=True)
def demo(*, days: int, headless: bool, json_file: Path | None, seed: int) -> None:
    """Simulate a week: new node images appear, the bot upgrades ring by ring, and a page shows it."""
    require_simulator()
    from simulator.demo.show import show

    show(days=days, headless=headless, json_file=json_file, seed=seed)
