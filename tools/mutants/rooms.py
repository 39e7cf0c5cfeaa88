"""The rooms: which files are changed, which tests run, and how many of the mutants the tests must notice."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Only tests of these layers run: they need no server, no browser and no second process.
LAYERS: Sequence[str] = (
    "tests/policy",
    "tests/runbooks",
    "tests/verbs",
    "tests/engine",
    "tests/approvals",
    "tests/facts",
    "tests/endpoints",
    "tests/render",
    "tests/cli",
    "tests/adapters/test_azure_errors.py",
    "tests/adapters/test_kubernetes_errors.py",
)
MAX_EQUIVALENT_SHARE = 0.05


@dataclass(frozen=True)
class Room:
    """Files that are judged together. A room without a limit has a goal, which is printed only."""

    name: str
    patterns: Sequence[str]
    percent: int
    is_limit: bool
    excluded: Sequence[str] = ()

    def files(self, root: Path) -> list[Path]:
        """Returns the files, relative to the root."""
        found = {path.relative_to(root) for pattern in self.patterns for path in root.glob(pattern)}
        return sorted(path for path in found if path.as_posix() not in self.excluded)


_CLASSIFIER = "ops/policy/refusals.py"

ROOMS: Sequence[Room] = (
    Room("classifier", (_CLASSIFIER,), 95, is_limit=True),
    Room("policy", ("ops/policy/*.py",), 95, is_limit=True, excluded=(_CLASSIFIER,)),
    Room("runbooks", ("ops/runbooks/*.py",), 95, is_limit=True),
    Room("verbs", ("ops/verbs/*.py",), 90, is_limit=False),
    Room("activities", ("ops/engine/activities/*.py",), 90, is_limit=False),
)
