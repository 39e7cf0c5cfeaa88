"""The folder of the local records (`DAYTWO_STATE`): readable only by its owner, used by one process, with clear errors."""

import errno
import fcntl
import glob
import logging
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ops.ports.errors import StateUnavailableError

_LOG = logging.getLogger(__name__)

OWNER_ONLY = 0o600
_FOLDER_MODE = 0o700
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_FREE_SPACE = "Free space on this disk"
_MAKE_WRITABLE = "Make it writable for the user that runs Daytwo"
_CHECK_DISK = "Check the disk"
_SQLITE_REMEDIES = {
    sqlite3.SQLITE_FULL: _FREE_SPACE,
    sqlite3.SQLITE_READONLY: _MAKE_WRITABLE,
    sqlite3.SQLITE_CANTOPEN: _MAKE_WRITABLE,
    sqlite3.SQLITE_PERM: _MAKE_WRITABLE,
    sqlite3.SQLITE_BUSY: "Stop the other process that uses it",
    sqlite3.SQLITE_CORRUPT: "Restore it from a backup",
    sqlite3.SQLITE_NOTADB: "Restore it from a backup",
}


@contextmanager
def state_refusals(path: Path | str) -> Iterator[None]:
    """Translates errors of the file system and of SQLite into a sentence with the file and the remedy.

    Raises:
        StateUnavailableError: the file cannot be used now.
    """
    try:
        yield
    except OSError as error:
        raise StateUnavailableError(f"{path}: {error.strerror}. {_remedy(error)}, and try again.") from error
    except sqlite3.Error as error:
        # An extended code has the primary one in its lowest byte (sqlite.org/rescode.html).
        code = getattr(error, "sqlite_errorcode", None) or 0
        remedy = _SQLITE_REMEDIES.get(code & 0xFF, _CHECK_DISK)
        raise StateUnavailableError(f"{path}: {error}. {remedy}, and try again.") from error


def make_folder(folder: Path) -> None:
    """Creates a folder that only its owner can open. One that exists and belongs to this user becomes private.

    Raises:
        StateUnavailableError: it cannot be created.
    """
    with state_refusals(folder):
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        make_private(folder)


def lock_folder(folder: Path) -> int:
    """Makes this process the only user of a folder until it ends; returns the open lock file.

    Raises:
        StateUnavailableError: another process uses the folder, or it cannot be written.
    """
    make_folder(folder)
    path = folder / "lock"
    with state_refusals(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)
        make_private(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        why = f"{path}: another process uses this folder. Stop that process, or use another folder, and try again."
        raise StateUnavailableError(why) from error
    return descriptor


def private_file(path: Path) -> None:
    """Creates an empty file that only its owner can read, unless it exists; then it becomes private.

    SQLite gives its `-wal` and `-shm` files the same mode. Those that a killed process has left become private, too.

    Raises:
        StateUnavailableError: it cannot be created or opened for writing.
    """
    with state_refusals(path):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY))
        for each in (path, *path.parent.glob(f"{glob.escape(path.name)}-*")):
            make_private(each)


def make_private(path: Path) -> None:
    """Removes the permissions of other users, which an earlier version has left, from a file or folder of this user.

    A folder with the sticky bit, such as `/tmp`, is meant to be shared. A file system without permissions is only logged.

    Raises:
        OSError: it does not exist; `state_refusals` translates it.
    """
    found = path.stat()
    private = stat.S_IMODE(found.st_mode) & ~(stat.S_IRWXG | stat.S_IRWXO)
    is_shared = found.st_uid != os.geteuid() or bool(found.st_mode & stat.S_ISVTX)
    if is_shared or private == stat.S_IMODE(found.st_mode):
        return
    try:
        path.chmod(private)
    except OSError as error:
        _LOG.warning("%s: other users may be able to read it, because its mode cannot be changed: %s", path, error)


def _remedy(error: OSError) -> str:
    if error.errno in _FULL:
        return _FREE_SPACE
    return _MAKE_WRITABLE if error.errno in _FORBIDDEN else _CHECK_DISK
