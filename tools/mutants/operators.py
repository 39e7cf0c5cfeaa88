"""The ways in which one node of the syntax tree is changed. Each operator yields the edits of each of its mutants.

Prose is not changed: a string with white space in it, and the fixed parts of an f-string, are sentences for people. They are
compared with literals by the tests of the messages, and one mutant per sentence would outnumber those that change a decision.
Strings without white space are codes, names and separators, so they are changed.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from tools.mutants.source import Edit, Source

type Edits = Sequence[Edit]

_COMPARISONS: Mapping[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
_ARITHMETIC: Mapping[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "/"),
    ast.Pow: ("**", "*"),
    ast.BitOr: ("|", "&"),
    ast.BitAnd: ("&", "|"),
    ast.BitXor: ("^", "&"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
}
_FUNCTIONS = {"any": "all", "all": "any", "min": "max", "max": "min"}
_METHODS = {
    "lower": "upper",
    "upper": "lower",
    "casefold": "upper",
    "startswith": "endswith",
    "endswith": "startswith",
    "lstrip": "rstrip",
    "rstrip": "lstrip",
    "removeprefix": "removesuffix",
    "removesuffix": "removeprefix",
    "partition": "rpartition",
    "rpartition": "partition",
}


def comparison(source: Source, node: ast.AST) -> Iterator[Edits]:
    """Moves a boundary, or inverts an equality, an identity or a membership."""
    if not isinstance(node, ast.Compare):
        return
    sides = [node.left, *node.comparators]
    for operator, left, right in zip(node.ops, sides, node.comparators, strict=False):
        yield [_between(source, left, right, *_COMPARISONS[type(operator)])]


def boolean(source: Source, node: ast.AST) -> Iterator[Edits]:
    """Exchanges `and` and `or`; drops `not`."""
    if isinstance(node, ast.BoolOp):
        words = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        yield [_between(source, left, right, *words) for left, right in zip(node.values, node.values[1:], strict=False)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield [Edit(source.start(node), source.start(node) + len("not"), "")]


def arithmetic(source: Source, node: ast.AST) -> Iterator[Edits]:
    """Exchanges an arithmetic operator."""
    if isinstance(node, ast.BinOp):
        yield [_between(source, node.left, node.right, *_ARITHMETIC[type(node.op)])]
    if isinstance(node, ast.AugAssign):
        old, new = _ARITHMETIC[type(node.op)]
        yield [_between(source, node.target, node.value, f"{old}=", f"{new}=")]


def constant(source: Source, node: ast.AST) -> Iterator[Edits]:
    """Adds one to a number, inverts a truth value, and spoils a string that is not prose."""
    if not isinstance(node, ast.Constant):
        return
    if isinstance(node.value, bool):
        yield [source.replace(node, str(not node.value))]
    elif isinstance(node.value, int | float):
        yield [source.replace(node, repr(node.value + 1))]
    elif isinstance(node.value, str) and not re.search(r"\s", node.value):
        yield [source.replace(node, repr(f"XX{node.value}XX"))]
    if isinstance(node.value, str) and source.of_node(node).startswith('r"'):
        yield from ([source.replace(node, f'r"{rest}"')] for rest in _fewer_alternatives(node.value))


def condition(source: Source, node: ast.AST) -> Iterator[Edits]:
    """Inverts a condition that has no operator of its own, and removes the filter of a comprehension."""
    if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert) and not _has_operator(node.test):
        yield [source.replace(node.test, f"(not {source.of_node(node.test)})")]
    if isinstance(node, ast.comprehension):
        for test in node.ifs:
            yield [source.replace(test, "True")]
    if isinstance(node, ast.BoolOp):
        for value in node.values:
            if not _has_operator(value) and not isinstance(value, ast.Constant):
                yield [source.replace(value, f"(not {source.of_node(value)})")]


def jump(source: Source, node: ast.AST) -> Iterator[Edits]:
    """Exchanges `break` and `continue`."""
    if isinstance(node, ast.Break):
        yield [source.replace(node, "continue")]
    if isinstance(node, ast.Continue):
        yield [source.replace(node, "break")]


def case(source: Source, node: ast.AST) -> Iterator[Edits]:
    """Makes a case of a `match` statement never match."""
    if isinstance(node, ast.Match) and len(node.cases) > 1:
        for each in node.cases:
            if is_unreachable(each):
                continue
            if each.guard:
                yield [source.replace(each.guard, "False")]
            else:
                yield [Edit(source.end(each.pattern), source.end(each.pattern), " if False")]


def handler(source: Source, node: ast.AST) -> Iterator[Edits]:
    """Removes one of the exceptions that a handler catches."""
    if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Tuple):
        for position in range(len(node.type.elts)):
            yield [source.without(position, node.type.elts)]


def name(source: Source, node: ast.AST) -> Iterator[Edits]:
    """Exchanges a function or a method of the standard library for its opposite."""
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        yield [source.replace(node.func, _FUNCTIONS[node.func.id])]
    if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
        end = source.end(node.func)
        yield [Edit(end - len(node.func.attr), end, _METHODS[node.func.attr])]


def argument(source: Source, node: ast.AST) -> Iterator[Edits]:
    """Passes None for a positional argument, and leaves out one that is passed by keyword."""
    if not isinstance(node, ast.Call):
        return
    for each in node.args:
        if not isinstance(each, ast.Constant | ast.JoinedStr | ast.Starred | ast.GeneratorExp | ast.Lambda):
            yield [source.replace(each, "None")]
    elements: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
    for position, keyword in enumerate(node.keywords, len(node.args)):
        if keyword.arg:
            yield [_without_keyword(source, position, elements)]


def value(source: Source, node: ast.AST) -> Iterator[Edits]:
    """Returns or assigns None instead of a value."""
    given = node.value if isinstance(node, ast.Return | ast.Assign | ast.AnnAssign) else None
    if given is not None and not isinstance(given, ast.Constant | ast.JoinedStr):
        yield [source.replace(given, "None")]
    if isinstance(node, ast.Lambda) and not isinstance(node.body, ast.Constant):
        yield [source.replace(node.body, "None")]


def statement(source: Source, node: ast.AST) -> Iterator[Edits]:
    """Removes a statement that only calls something."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield [source.replace(node, "pass")]


def element(source: Source, node: ast.AST) -> Iterator[Edits]:
    """Removes an element of a table. A string is spoiled instead, which amounts to the same."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set) and len(node.elts) > 1 and not _is_target(node):
        for position, each in enumerate(node.elts):
            if not isinstance(each, ast.Constant):
                yield [source.without(position, node.elts)]
    if isinstance(node, ast.Dict) and len(node.keys) > 1 and all(node.keys):
        keys = [key for key in node.keys if key is not None]
        for position, key in enumerate(keys):
            last = position + 1 == len(keys)
            if last:
                yield [Edit(source.end(node.values[position - 1]), source.end(node.values[position]), "")]
            else:
                yield [Edit(source.start(key), source.start(keys[position + 1]), "")]


type Operator = Callable[[Source, ast.AST], Iterator[Edits]]

# What changes code anywhere.
EVERYWHERE: Sequence[Operator] = (comparison, boolean, arithmetic, constant, condition, name, argument)
# Inside a function only: at the level of a module or a class, every one of these would fail on import.
IN_FUNCTIONS: Sequence[Operator] = (jump, case, handler, value, statement)
# At the level of a module or a class only, where a collection is a table of rules.
IN_TABLES: Sequence[Operator] = (element,)


def is_unreachable(node: ast.AST) -> bool:
    """Whether it is a case that only calls `assert_never`: mypy proves that it is never reached."""
    match node:
        case ast.match_case(body=[ast.Expr(ast.Call(func=ast.Name("assert_never")))]):
            return True
        case _:
            return False


def _is_target(node: ast.Tuple | ast.List | ast.Set) -> bool:
    return not isinstance(node, ast.Set) and isinstance(node.ctx, ast.Store)


def _has_operator(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare | ast.BoolOp | ast.Constant) or (
        isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    )


def _between(source: Source, left: ast.expr, right: ast.expr, old: str, new: str) -> Edit:
    """Returns the edit of an operator, which is somewhere between its operands, perhaps beside parentheses."""
    start, end = source.end(left), source.start(right)
    pattern = r"\s+".join(map(re.escape, old.split()))
    gap = source.segment(start, end)
    first, last = next((found.start(), found.end()) for found in re.finditer(pattern, gap))
    before = len(gap[:first].encode())
    return Edit(start + before, start + before + last - first, new)


def _without_keyword(source: Source, position: int, elements: "Sequence[ast.expr | ast.keyword]") -> Edit:
    if position + 1 < len(elements):
        return Edit(source.start(elements[position]), source.start(elements[position + 1]), "")
    start = source.end(elements[position - 1]) if position else source.start(elements[position])
    # The preceding argument may be in parentheses of its own, which end after it.
    gap = source.segment(start, source.start(elements[position]))
    if position and ")" in gap:
        start += len(gap[: gap.rindex(")") + 1].encode())
    return Edit(start, source.end(elements[position]), "")


def _fewer_alternatives(pattern: str) -> Iterator[str]:
    alternatives = pattern.split("|")
    if len(alternatives) < 2 or any(each.count("(") != each.count(")") for each in alternatives):  # noqa: PLR2004  # with one, nothing can be left out
        return
    for position in range(len(alternatives)):
        yield "|".join(alternatives[:position] + alternatives[position + 1 :])
