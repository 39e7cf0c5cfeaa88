"""A wall between an app and its host: the app can import only its own modules and the standard library.

In Azure the app has only what `requirements.txt` installs. Here the host's packages and the project's checkout are on the
same path, so an app that imported one of them would work here but fail in Azure.
"""

import builtins
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import FrameType, ModuleType

_import = builtins.__import__


class Wall(MetaPathFinder):
    """Installed once per process. `inside` lists the folders of the app and its packages, `outside` those that it must not reach."""

    def __init__(self, inside: Sequence[Path], outside: Sequence[Path]) -> None:
        self._inside = tuple(f"{folder}/" for folder in inside)
        self._outside = tuple(f"{folder}/" for folder in outside)
        self.imports = 0

    def put_up(self) -> None:
        """Install the wall."""
        sys.meta_path.insert(0, self)
        builtins.__import__ = self._checked

    def find_spec(self, name: str, path: Sequence[str] | None, _target: ModuleType | None = None) -> ModuleSpec | None:
        """Raise if the module is blocked and has not been loaded yet. Return None to let the other finders search for it."""
        importer = self._importer()
        if importer is None:
            return None
        spec = PathFinder.find_spec(name, path)
        found = spec and (spec.origin or next(iter(spec.submodule_search_locations or ()), ""))
        self._refuse_outside(name, str(found or ""), importer)
        return None

    def _checked(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - the names of the builtin's parameters
        locals: Mapping[str, object] | None = None,  # noqa: A002 - as above
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Like `__import__`, but also raises for modules that the host has already loaded."""
        module = _import(name, globals, locals, fromlist, level)
        importer = str((globals or {}).get("__file__", ""))
        if importer.startswith(self._inside):
            self.imports += 1
            self._refuse_outside(name, str(getattr(module, "__file__", "") or ""), importer)
        return module

    def _importer(self) -> str | None:
        """The importing file if it belongs to the app. Frames of the import machinery (`importlib`) are skipped."""
        frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - the importer cannot be determined in any other way
        while frame is not None:
            file = frame.f_code.co_filename
            if file != __file__ and "importlib" not in file:
                return file if file.startswith(self._inside) else None
            frame = frame.f_back
        return None

    def _refuse_outside(self, name: str, found: str, importer: str) -> None:
        """Raise ModuleNotFoundError if the module is outside."""
        if found.startswith(self._outside):
            raise ModuleNotFoundError(f"the wall: {importer} imports {name}, which is only in {found}", name=name)
