"""The mutants of a source file: where each is, how it differs, and which tests may notice it."""

import ast
import difflib
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tools.mutants.operators import EVERYWHERE, IN_FUNCTIONS, IN_TABLES, Edits, is_unreachable
from tools.mutants.source import Source

type _Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    `scope` is the qualified name of the outermost function (or its class and name), or of the module's or class's names that the
    changed statement defines. `change` has the removed and the added lines, so it identifies the mutant for as long as they exist.
    `first_line` is the first line of the function, decorators included, or 0 for a statement that runs on import.
    """

    path: str
    scope: str
    change: str
    edits: Edits
    first_line: int
    lines: range
    names: frozenset[str]
    digest: str

    @property
    def key(self) -> str:
        """Identifies the mutant in every version of the file that has these lines."""
        return f"{self.place}\n{self.change}"

    @property
    def place(self) -> str:
        """The file and the function."""
        return f"{self.path}::{self.scope}"

    @property
    def on_import(self) -> bool:
        """Whether the change takes effect on import, so that the importing modules have to be imported again."""
        return not self.first_line


def mutants_of(path: Path) -> list[Mutant]:
    """Returns the mutants of a file, in the order of the text."""
    return mutants_in(Source.of(path))


def mutants_in(source: Source) -> list[Mutant]:
    """Returns the mutants of a source."""
    finder = _Finder(source)
    finder.body(source.tree.body, "")
    finder.found.sort(key=lambda each: min(each.edits).start)
    return _distinct(finder.found)


def _distinct(found: Sequence[Mutant]) -> list[Mutant]:
    """Numbers the mutants of one function that change equal lines equally."""
    seen: Counter[str] = Counter()
    result = []
    for each in found:
        seen[each.key] += 1
        number = seen[each.key]
        result.append(each if number == 1 else replace(each, change=f"{each.change}\n# number {number}"))
    return result


class _Finder:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.found: list[Mutant] = []
        self.uses = _uses(source.tree)

    def body(self, statements: Sequence[ast.stmt], prefix: str) -> None:
        """Finds the mutants of a module's or a class's statements. `prefix` is the class's name and a full stop."""
        for each in statements:
            match each:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    self._function(each, prefix)
                case ast.ClassDef():
                    if not _is_protocol(each):
                        self.body(each.body, f"{prefix}{each.name}.")
                case ast.Import() | ast.ImportFrom() | ast.TypeAlias():
                    pass
                case ast.Expr(ast.Constant()):
                    pass
                case _:
                    self._statement_on_import(each, prefix)

    def _function(self, function: _Function, prefix: str) -> None:
        first = min([function.lineno, *(each.lineno for each in function.decorator_list)])
        digest = _digest(self.source.of_node(function))
        scope = prefix + function.name
        for default in (*function.args.defaults, *(each for each in function.args.kw_defaults if each)):
            names = frozenset({function.name, prefix.removesuffix(".")}) if prefix else frozenset({function.name})
            self._walk(default, (scope, 0, digest, names), function)
        for statement in _without_docstring(function.body):
            self._walk(statement, (scope, first, digest, frozenset()), statement)

    def _statement_on_import(self, statement: ast.stmt, prefix: str) -> None:
        owner = prefix.removesuffix(".").rpartition(".")[2]
        names = {each.id for each in _targets(statement)}
        if names & {"__all__"}:
            return
        scope = prefix + "/".join(sorted(names))
        affected = _closure({owner} if owner else names, self.uses)
        self._walk(statement, (scope, 0, _digest(self.source.of_node(statement)), frozenset(affected)), statement)

    def _walk(self, node: ast.AST, where: tuple[str, int, str, frozenset[str]], statement: ast.stmt) -> None:
        statement = node if isinstance(node, ast.stmt) else statement
        scope, first_line, digest, names = where
        for operator in (*EVERYWHERE, *(IN_FUNCTIONS if first_line else IN_TABLES)):
            for edits in operator(self.source, node):
                if not _compiles(self.source.edited(edits)):
                    continue
                change = _change(self.source.text, self.source.edited(edits))
                lines = _lines(statement)
                path = self.source.path.as_posix()
                self.found.append(Mutant(path, scope, change, edits, first_line, lines, names, digest))
        for child in _children(node):
            self._walk(child, where, statement)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Returns the children that are executed: no annotation, decorator, base class, pattern, or fixed part of an f-string."""
    skipped: ast.AST | None = None
    match node:
        case ast.AnnAssign():
            skipped = node.annotation
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from (each for each in (*node.args.defaults, *node.args.kw_defaults) if each)
            yield from _without_docstring(node.body)
            return
        case ast.JoinedStr():
            yield from (each.value for each in node.values if isinstance(each, ast.FormattedValue))
            return
        case ast.match_case() if is_unreachable(node):
            return
        case ast.match_case():
            yield from (each for each in (node.guard, *node.body) if each)
            return
        case ast.Call(func=ast.Name("cast" | "TypeVar" | "NewType")):
            skipped = node.args[0]
        case ast.Constant() | ast.Expr(ast.Constant()):
            return
        case _:
            pass
    yield from (each for each in ast.iter_child_nodes(node) if each is not skipped)


def _lines(statement: ast.stmt) -> range:
    """Returns the lines of a statement; of a compound statement, those of its header."""
    end = statement.end_lineno or statement.lineno
    if isinstance(statement, ast.Match):
        end = max(statement.lineno, statement.cases[0].pattern.lineno - 1)
    elif isinstance(body := getattr(statement, "body", None), list) and body:
        end = max(statement.lineno, body[0].lineno - 1)
    return range(statement.lineno, end + 1)


def _change(old: str, new: str) -> str:
    diff = difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")
    return "\n".join(f"{line[0]} {line[1:].strip()}" for line in list(diff)[2:] if not line.startswith("@@"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _compiles(text: str) -> bool:
    try:
        compile(text, "mutant", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def _without_docstring(body: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
    return [each for each in body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]


def _is_protocol(node: ast.ClassDef) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "Protocol" for each in node.bases)


def _targets(statement: ast.stmt) -> list[ast.Name]:
    match statement:
        case ast.Assign(targets):
            return [each for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
        case ast.AnnAssign(ast.Name() as target):
            return [target]
        case _:
            return []


def _uses(tree: ast.Module) -> dict[str, set[str]]:
    """Returns, for each name, the names of the module that are defined by statements that use it."""
    uses: dict[str, set[str]] = {}
    for statement in tree.body:
        defined = {each.id for each in _targets(statement)}
        if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            defined = {statement.name}
        for node in ast.walk(statement):
            if isinstance(node, ast.Name):
                uses.setdefault(node.id, set()).update(defined)
    return uses


def _closure(names: set[str], uses: dict[str, set[str]]) -> set[str]:
    found = set(names)
    waiting = list(names)
    while waiting:
        new = uses.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found
