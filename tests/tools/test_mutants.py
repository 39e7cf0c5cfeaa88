"""Which changes the mutation tests make, and how they are counted."""

from functools import cache
from pathlib import Path

import pytest

from tools.mutants.applying import load, replace_code
from tools.mutants.cache import Cache
from tools.mutants.equivalents import Equivalent, EquivalentsError, read_equivalents
from tools.mutants.job import with_first
from tools.mutants.mutation import Mutant, mutants_in
from tools.mutants.report import RoomResult, problems_of_list
from tools.mutants.rooms import Room
from tools.mutants.selection import FunctionNames, Recording, TestRun, imports_in
from tools.mutants.source import Source
from tools.mutants.verdict import Outcome, Verdict

KILLED, SURVIVED = Verdict(Outcome.KILLED, "tests/test_a.py::test_a"), Verdict(Outcome.SURVIVED)
ROOM = Room("policy", ("*.py",), 95, is_limit=True)


def changes(text: str) -> list[str]:
    """The added line of each mutant of a text."""
    return [each.change.partition("\n+ ")[2] for each in mutants_in(Source(text))]


def in_function(line: str) -> list[str]:
    return changes(f"def f(a, b):\n    {line}\n")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("return a < b", ["return None", "return a <= b"]),
        ("return a is not b", ["return None", "return a is b"]),
        ("return a in b", ["return None", "return a not in b"]),
        ("a += 2", ["a -= 2", "a += 3"]),
        ("return a or b", ["return None", "return (not a) or b", "return a and b", "return a or (not b)"]),
        ("return not a", ["return None", "return  a"]),
        ("return any(each for each in a)", ["return None", "return all(each for each in a)"]),
        ("return [each for each in a if each]", ["return None", "return [each for each in a if True]"]),
        ("return a.startswith('x')", ["return None", "return a.endswith('x')", "return a.startswith('XXxXX')"]),
        ("b(a, c=1)", ["pass", "b(None, c=1)", "b(a)", "b(a, c=2)"]),
        ("return 'a sentence for people'", []),
        ("return f'{a} nodes'", []),
        ("return f'{a + 1} nodes'", ["return f'{a - 1} nodes'", "return f'{a + 2} nodes'"]),
        ("if a: b = None", ["if (not a): b = None"]),
    ],
)
def test_the_changes_of_a_line(line: str, expected: list[str]) -> None:
    assert sorted(in_function(line)) == sorted(expected)


def test_each_case_of_a_match_is_left_out_once() -> None:
    text = "def f(a):\n    match a:\n        case 1:\n            pass\n        case _ if a:\n            pass\n"
    assert "case 1 if False:" in changes(text)
    assert "case _ if False:" in changes(text)


def test_a_case_that_mypy_proves_unreachable_stays() -> None:
    text = "def f(a):\n    match a:\n        case 1:\n            pass\n        case _:\n            assert_never(a)\n"
    assert changes(text) == ["case 1 if False:"]


def test_each_rule_of_a_table_is_left_out_once() -> None:
    assert set(changes("RULES = (Rule(A), Rule(B))\n")) == {
        "RULES = (Rule(A),)",
        "RULES = (Rule(A), Rule(None))",
        "RULES = (Rule(B),)",
        "RULES = (Rule(None), Rule(B))",
    }


def test_annotations_decorators_and_docstrings_stay() -> None:
    assert changes('@cache(1)\ndef f(a: int = 3) -> "text":\n    """text"""\n    ...\n') == [
        'def f(a: int = 4) -> "text":',
    ]


def test_text_before_an_operator_may_have_more_than_one_byte_for_a_character() -> None:
    assert "return 'ä' + a > b" in in_function("return 'ä' + a >= b")


def test_equal_changes_of_equal_lines_are_numbered() -> None:
    keys = [each.key for each in mutants_in(Source("def f():\n    a()\n    a()\n"))]
    assert len(keys) == len(set(keys)) == 2


def test_a_mutant_keeps_its_identity_when_the_file_grows() -> None:
    before = mutants_in(Source("def f(a):\n    return a\n"))
    after = mutants_in(Source("X = 1\n\n\ndef f(a):\n    b = 2\n    return a\n"))
    assert {each.key for each in before} <= {each.key for each in after}


def test_what_runs_on_import_affects_everything_that_uses_its_name() -> None:
    text = "A = 1\nB = (A, 2)\nclass C:\n    x: int = 3\ndef f():\n    return B\n"
    names = {each.scope: each.names for each in mutants_in(Source(text)) if each.on_import}
    assert names == {"A": {"A", "B", "f"}, "B": {"B", "f"}, "C.x": {"C"}}


def one_mutant(text: str = "def f(a):\n    return a\n") -> Mutant:
    return mutants_in(Source(text, Path("ops/policy/a.py")))[0]


def run_of(name: str, *lines: int, functions: int = 1, seconds: float = 1) -> TestRun:
    return TestRun(name, "", seconds, frozenset(lines), frozenset(range(functions)))


def test_the_tests_that_import_the_module_run_first_and_the_most_specific_first_among_them() -> None:
    lines = ["ops/policy/a.py:2", "ops/policy/a.py:3"]
    tests = [
        run_of("other.py::narrow", 0),
        run_of("own.py::wide", 0, functions=9),
        run_of("own.py::narrow", 0, functions=2),
        run_of("own.py::elsewhere", 1),
        run_of("own.py::too slow", 0, seconds=6),
    ]
    found = Recording("", lines, [], tests).tests_of(one_mutant(), range(1, 3), lambda file, _: file == "own.py")
    assert [each.name for each in found] == ["own.py::narrow", "own.py::wide", "other.py::narrow"]


def test_the_tests_of_different_files_take_turns() -> None:
    tests = [run_of(name, 0) for name in ("a.py::1", "a.py::2", "a.py::3", "b.py::1", "b.py::2")]
    found = Recording("", ["ops/policy/a.py:2"], [], tests).tests_of(one_mutant(), range(1, 3), lambda *_: False)
    assert [each.name for each in found] == ["a.py::1", "b.py::1", "a.py::2", "b.py::2", "a.py::3"]


def test_what_a_test_imports_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("import pytest\nfrom ops.policy.rings import ring_of\n")
    imports = imports_in(tmp_path)
    assert imports("test_a.py", "ops.policy.rings")
    assert not imports("test_a.py", "ops.policy")


def test_a_likely_test_goes_first_if_it_executes_the_mutant() -> None:
    assert list(with_first(["c", "x", "b"], {"a": 1, "b": 2, "c": 3})) == ["c", "b", "a"]


def test_the_tests_of_a_constant_are_those_that_execute_a_function_that_names_it() -> None:
    functions = [FunctionNames("a", frozenset({"A"})), FunctionNames("z", frozenset({"Z"}))]
    tests = [TestRun("uses", "", 1, frozenset(), frozenset({0})), TestRun("not", "", 1, frozenset(), frozenset({1}))]
    mutant = one_mutant("A = 1\n")
    recording = Recording("", [], functions, tests)
    assert [each.name for each in recording.tests_of(mutant, range(0), lambda *_: False)] == ["uses"]
    by_import = recording.tests_of(mutant, range(0), lambda file, _: file == "not")
    assert [each.name for each in by_import] == ["not", "uses"]


def test_a_function_is_changed_for_everyone_who_has_imported_it(tmp_path: Path) -> None:
    file = tmp_path / "sample.py"
    file.write_text("def f(a):\n    return a + 1\n")
    loaded: dict[str, object] = {}
    exec(compile(file.read_text(), str(file), "exec"), loaded)  # noqa: S102  # the text above
    f = loaded["f"]
    assert callable(f)
    mutant = next(each for each in mutants_in(Source.of(file)) if "a - 1" in each.change)
    cached = cache(f)
    assert cached(3) == 4
    replace_code(mutant, load(tmp_path, [file]))
    assert (f(3), cached(3)) == (2, 2)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("test_a.py", "test_b.py"):
        (tmp_path / "tests").mkdir(exist_ok=True)
        (tmp_path / "tests" / name).write_text("old")
    return tmp_path


def stored(project: Path) -> Cache:
    return Cache(project / "verdicts.json", project)


TESTS = ("tests/test_a.py::test_a", "tests/test_b.py::test_b")


def test_a_kill_is_used_again_until_its_test_changes(project: Path) -> None:
    cache = stored(project)
    cache.record(one_mutant(), TESTS, KILLED)
    cache.save()
    (project / "tests/test_b.py").write_text("new")
    assert stored(project).verdict_of(one_mutant(), TESTS) == KILLED
    (project / "tests/test_a.py").write_text("new")
    assert stored(project).verdict_of(one_mutant(), TESTS) is None


def test_a_survival_is_used_again_until_one_of_its_tests_changes(project: Path) -> None:
    cache = stored(project)
    cache.record(one_mutant(), TESTS, SURVIVED)
    cache.save()
    assert stored(project).verdict_of(one_mutant(), TESTS) == SURVIVED
    assert stored(project).verdict_of(one_mutant(), (*TESTS, "tests/test_c.py::test_c")) is None
    (project / "tests/test_b.py").write_text("new")
    assert stored(project).verdict_of(one_mutant(), TESTS) is None


def test_a_verdict_is_not_used_for_another_version_of_the_function(project: Path) -> None:
    cache = stored(project)
    cache.record(one_mutant(), TESTS, SURVIVED)
    assert cache.verdict_of(one_mutant("def f(a):\n    return a\n    pass\n"), TESTS) is None


def mutants(count: int) -> list[Mutant]:
    return mutants_in(Source("def f(a):\n" + "".join(f"    a.b{n}()\n" for n in range(count)), Path("a.py")))


def equivalent(mutant: Mutant) -> Equivalent:
    return Equivalent(mutant.path, mutant.scope, mutant.change, "it changes nothing")


def test_the_share_is_of_the_mutants_that_are_not_listed() -> None:
    every = mutants(40)
    verdicts = {each.key: KILLED if number > 2 else SURVIVED for number, each in enumerate(every)}
    result = RoomResult.of(ROOM, every, verdicts, [equivalent(each) for each in every[:2]])
    assert (result.mutants, result.killed, len(result.survivors), result.equivalents) == (40, 37, 1, 2)
    assert round(result.percent, 2) == 97.37
    assert result.problems == ()


def test_a_room_below_its_limit_is_a_problem_and_below_its_goal_is_not() -> None:
    every = mutants(20)
    verdicts = {each.key: KILLED if number > 1 else SURVIVED for number, each in enumerate(every)}
    assert RoomResult.of(ROOM, every, verdicts, []).problems == (
        "policy: 90.0 % of the mutants are killed, but 95 % must be",
    )
    assert RoomResult.of(Room("verbs", (), 95, is_limit=False), every, verdicts, []).problems == ()


def test_a_test_that_does_not_end_has_noticed_the_change() -> None:
    every = mutants(1)
    assert RoomResult.of(ROOM, every, {every[0].key: Verdict(Outcome.TIMEOUT)}, []).killed == 1


def test_more_than_one_equivalent_in_twenty_is_a_problem() -> None:
    every = mutants(20)
    verdicts = {each.key: SURVIVED if number < 2 else KILLED for number, each in enumerate(every)}
    problems = RoomResult.of(ROOM, every, verdicts, [equivalent(each) for each in every[:2]]).problems
    assert problems == ("policy: 2 equivalents are more than 5 % of 20 mutants",)


def test_a_listed_mutant_that_a_test_notices_is_a_problem() -> None:
    every = mutants(40)
    verdicts = {each.key: KILLED for each in every}
    (problem,) = RoomResult.of(ROOM, every, verdicts, [equivalent(every[0])]).problems
    assert problem.startswith("policy: listed as equivalent, but tests/test_a.py::test_a notices it: a.py::f")


def test_a_mutant_that_did_not_run_or_that_the_tool_could_not_apply_is_a_problem() -> None:
    every = mutants(2)
    found = RoomResult.of(ROOM, every, {every[0].key: Verdict(Outcome.ERROR, "no code")}, []).problems
    assert any(each.startswith("policy: the tool failed: no code") for each in found)
    assert any(each.startswith("policy: not run: a.py::f") for each in found)


def test_a_listed_mutant_that_no_longer_exists_is_a_problem() -> None:
    old = Equivalent("a.py", "f", "- old\n+ new", "it changed nothing")
    assert problems_of_list([old], mutants(1)) == [
        "listed as equivalent, but not a mutant any longer: a.py::f\n- old\n+ new"
    ]


def test_the_list_is_read_with_the_lines_as_they_are_printed(tmp_path: Path) -> None:
    file = tmp_path / "equivalents.toml"
    file.write_text(
        '[[equivalent]]\nmodule = "a.py"\nfunction = "f"\nreason = "it changes nothing"\n'
        "change = '''\n    - a.b0()\n    + pass\n'''\n"
    )
    assert [each.key for each in read_equivalents(file)] == [mutants(1)[0].key]


def test_an_entry_without_a_reason_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "equivalents.toml"
    file.write_text('[[equivalent]]\nmodule = "a.py"\nfunction = "f"\nchange = "x"\nreason = " "\n')
    with pytest.raises(EquivalentsError, match="entry 1"):
        read_equivalents(file)
