"""`python -m tools.metrics_reference`: writes the table of metrics into docs/metrics.md."""

from pathlib import Path

from ops.telemetry.metrics import Metric

PAGE = Path(__file__).resolve().parents[1] / "docs" / "metrics.md"
_BEGIN, _END = "<!-- metrics:begin -->", "<!-- metrics:end -->"


def table() -> str:
    """Returns one row per metric, in definition order."""
    rows = [
        f"| `{metric.metric_name}` | {metric.kind.value} | `{metric.unit}` | {metric.description} |"
        for metric in Metric
    ]
    return "\n".join(["| Metric | Kind | Unit | Meaning and attributes |", "|---|---|---|---|", *rows])


def embedded(page: str, rows: str) -> str:
    """Returns the page with this table between its markers.

    Raises:
        ValueError: the page does not contain the markers.
    """
    before, _, rest = page.partition(_BEGIN)
    _, found, after = rest.partition(_END)
    if not found:
        raise ValueError(f"{PAGE.name} has no markers {_BEGIN} and {_END}: add them where the table belongs")
    return f"{before}{_BEGIN}\n\n{rows}\n\n{_END}{after}"


if __name__ == "__main__":
    PAGE.write_text(embedded(PAGE.read_text(), table()))
