"""Puts a mutant into effect in a process that is thrown away afterwards.

A function's code object is replaced in place, so that every module that has imported the function, and every decorator around
it, calls the changed code. What runs on import is changed by a loader, in a process that has not yet imported the project.
"""

import gc
import importlib.abc
import importlib.util
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from tools.mutants.mutation import Mutant
from tools.mutants.source import Source

type Place = tuple[str, int]
type Functions = dict[Place, list[FunctionType]]

_CACHED = type(cache(len))


class UnappliedError(Exception):
    """A mutant could not be put into effect."""


@dataclass(frozen=True)
class Loaded:
    """The functions whose code is in a folder, by file and first line, and the caches around those that can be mutated."""

    functions: Functions
    caches: Sequence[object]

    def forget_results(self) -> None:
        """Empties the caches, so that the functions are executed again."""
        for each in self.caches:
            each.cache_clear()  # type: ignore[attr-defined]  # a wrapper that functools has made, whose type has no public name


def load(root: Path, mutated: Iterable[Path]) -> Loaded:
    """Finds what is loaded from the files of a folder. Other caches than those of the mutated files stay filled: that saves time."""
    functions: Functions = {}
    files = {str(path) for path in mutated}
    caches = []
    for each in gc.get_objects():
        function = getattr(each, "__wrapped__", None) if isinstance(each, _CACHED) else each
        if isinstance(function, FunctionType) and function.__code__.co_filename.startswith(f"{root}/"):
            if function is each:
                place = function.__code__.co_filename, function.__code__.co_firstlineno
                functions.setdefault(place, []).append(function)
            elif function.__code__.co_filename in files:
                caches.append(each)
    return Loaded(functions, caches)


def nested(code: CodeType) -> Iterator[CodeType]:
    """Returns a code object and those inside it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from nested(each)


def mutated_code(mutant: Mutant) -> CodeType:
    """Returns the code of the whole module with the change."""
    path = Path(mutant.path)
    return compile(Source.of(path).edited(mutant.edits), str(path.resolve()), "exec", dont_inherit=True)


def replace_code(mutant: Mutant, loaded: Loaded) -> None:
    """Replaces the code of a mutant's function.

    Raises:
        UnappliedError: the function is not loaded.
    """
    file = str(Path(mutant.path).resolve())
    name = mutant.scope.rpartition(".")[2]
    targets = [each for each in loaded.functions.get((file, mutant.first_line), ()) if each.__code__.co_name == name]
    new = [
        each
        for each in nested(mutated_code(mutant))
        if each.co_firstlineno == mutant.first_line and each.co_name == name
    ]
    if not targets or len(new) != 1:
        raise UnappliedError(
            f"{mutant.path}::{mutant.scope} is loaded {len(targets)} times and compiled {len(new)} times"
        )
    for each in targets:
        each.__code__ = new[0]
    loaded.forget_results()


def module_name(path: str) -> str:
    """Returns the name under which a file is imported."""
    parts = Path(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


class MutatedImport(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the changed text of one module."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._name = module_name(mutant.path)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Returns this loader for the changed module."""
        del path, target
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(
            fullname,
            Path(self._mutant.path).resolve(),
            loader=self,
            submodule_search_locations=[str(Path(self._mutant.path).resolve().parent)]
            if self._mutant.path.endswith("__init__.py")
            else None,
        )

    def exec_module(self, module: ModuleType) -> None:
        """Executes the changed text."""
        exec(mutated_code(self._mutant), module.__dict__)  # noqa: S102  # this is what a loader does

    def install(self) -> None:
        """Makes the next import find the changed text.

        Raises:
            UnappliedError: the module has been imported already.
        """
        if self._name in sys.modules:
            raise UnappliedError(f"{self._name} has been imported already")
        sys.meta_path.insert(0, self)
