"""`python -m tools.transition_diagram`: writes the state diagram of a run into docs/architecture.md."""

from pathlib import Path

from ops.engine.transition import TRANSITIONS, Target

PAGE = Path("docs/architecture.md")
_BEGIN, _END = "<!-- transitions:begin -->", "<!-- transitions:end -->"


def diagram() -> str:
    """Returns the transition table as a mermaid state diagram, in table order."""
    lines = ["```mermaid", "stateDiagram-v2", "  [*] --> assess"]
    for (here, outcome), then in TRANSITIONS.items():
        of = "" if then.target in (Target.NO_STEP, Target.SAME_STEP) else f" ({then.target})"
        lines.append(f"  {here} --> {then.activity or '[*]'}: {outcome}{of}")
    return "\n".join([*lines, "```"])


def embedded(page: str, drawing: str) -> str:
    """Returns the page with this diagram between its markers.

    Raises:
        ValueError: the page does not contain the markers.
    """
    before, _, rest = page.partition(_BEGIN)
    old, found, after = rest.partition(_END)
    if not found:
        raise ValueError(f"{PAGE} has no markers {_BEGIN} and {_END}: add them where the diagram belongs")
    del old
    return f"{before}{_BEGIN}\n\n{drawing}\n\n{_END}{after}"


if __name__ == "__main__":
    PAGE.write_text(embedded(PAGE.read_text(), diagram()))
