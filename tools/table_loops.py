"""Checks that every loop over stored records goes through `ops.tables`, so that one bad record cannot stop the others.

Two rules, for the code in `ops`:

- Only `ops/tables` and the adapters call `scan` of the store itself.
- A `for` statement does not iterate over `Table.scan()`, `Table.get_all()`, `marked()` or `documents()`: it is written as a
  comprehension (which only reads), or with `ops.tables.set_aside.each`, which continues after an item that fails.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

_OPS = Path("ops")
_MAY_SCAN = (_OPS / "tables", _OPS / "adapters")
_LOOPS = ("scan", "get_all", "marked", "documents")


def findings(source: str, *, may_scan: bool) -> Iterator[tuple[int, str]]:
    """Returns the line and the text of each violation in a source file."""
    if may_scan:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _is_store_scan(node):
            yield node.lineno, "the store is scanned directly: use a table, `marked` or `documents`"
        if isinstance(node, ast.For) and _reads_records(node.iter):
            yield node.lineno, "a loop over records: use `each`, so that one bad record does not stop the others"


def _is_store_scan(call: ast.Call) -> bool:
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr != "scan":
        return False
    owner = function.value
    name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
    return name.removeprefix("_") == "store"


def _reads_records(iterated: ast.expr) -> bool:
    calls = [node for node in ast.walk(iterated) if isinstance(node, ast.Call)]
    names = (call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "") for call in calls)
    return any(name in _LOOPS for name in names)


def main() -> int:
    """Prints each violation; returns 1 if there is one."""
    wrong = 0
    for path in sorted(_OPS.rglob("*.py")):
        may_scan = any(path.is_relative_to(folder) for folder in _MAY_SCAN)
        for line, text in findings(path.read_text(encoding="utf-8"), may_scan=may_scan):
            print(f"{path}:{line}: {text}")
            wrong += 1
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
