"""One owner for a folder: a lock that names the owner in words, and that a killed owner can't leave behind."""

import fcntl
import os
from pathlib import Path


class FolderLocked(OSError):
    """Another process uses this folder."""


class FolderLock:
    """An flock on a file. The kernel drops it with the process, however that ends, so no lock is ever stale."""

    def __init__(self, path: Path, refusal: str) -> None:
        """`refusal` is what to say when another process holds it; `{owner}` in it becomes that process's id."""
        self._path = path
        self._refusal = refusal
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock or raise FolderLocked at once; without effect when this one holds it already."""
        if self._handle is not None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.read(handle, 20).decode(errors="replace").strip() or "unknown"
            os.close(handle)
            raise FolderLocked(self._refusal.format(owner=owner)) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._handle = handle

    def release(self) -> None:
        """Give the lock back; without effect when it isn't held."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
