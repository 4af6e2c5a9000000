"""A small disk of its own for a store, which can be filled, frozen and broken."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Optional

from cluster.programs import Missing, installed

_MEBI = 1 << 20


class Disk:
    """A loop-mounted ext4 of ``size`` MiB; a tmpfs, which can be filled only, where that cannot be mounted.

    :raises Missing: if neither can be mounted, such as without root.
    """

    def __init__(self, folder: Path, size: int = 96) -> None:
        self.path = folder / "disk"
        self.path.mkdir(parents=True, exist_ok=True)
        self._image = folder / "disk.image"
        self._lock = threading.Lock()
        self._is_mounted = self._is_removed = False
        self.kind = ""
        if os.getuid() != 0:
            raise Missing("mounting a small disk needs root")
        try:
            self._make_image(size)
            self.mount()
            self.kind = "ext4"
        except (OSError, subprocess.CalledProcessError, Missing):
            self._mount_memory(size)
            self.kind = "tmpfs"
        self.store = self.path / "store"
        self.store.mkdir()

    def _make_image(self, size: int) -> None:
        with open(self._image, "wb") as image:
            image.truncate(size * _MEBI)
        self._run("mkfs.ext4", "-q", "-F", "-m", "0", str(self._image))

    def _mount_memory(self, size: int) -> None:
        try:
            self._run("mount", "-t", "tmpfs", "-o", f"size={size}m", "chaos", str(self.path))
        except (OSError, subprocess.CalledProcessError) as error:
            raise Missing(f"a small disk cannot be mounted here: {error}") from error
        self._is_mounted = True

    @staticmethod
    def _run(*words: str) -> None:
        subprocess.run(
            [installed(words[0]), *words[1:]], check=True, timeout=60, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE)

    # Faults

    def fill(self) -> None:
        """Takes all free room."""
        with self._lock, open(self.path / "ballast", "ab", buffering=0) as ballast:
            piece = b"x" * (_MEBI // 4)
            while len(piece) > 0:
                try:
                    if ballast.write(piece) < len(piece):
                        piece = piece[: len(piece) // 2]
                except OSError:
                    piece = piece[: len(piece) // 2]

    def empty(self) -> None:
        """Gives the room back."""
        with self._lock:
            (self.path / "ballast").unlink(missing_ok=True)

    def freeze(self) -> None:
        """Makes every write hang until :meth:`thaw`."""
        self._run("fsfreeze", "-f", str(self.path))

    def thaw(self) -> None:
        self._run("fsfreeze", "-u", str(self.path))

    def make_read_only(self) -> None:
        """Makes every write fail, as a kernel does after errors of the disk. Only a new mount ends it."""
        try:
            self._run("mount", "-o", "remount,abort", str(self.path))
        except subprocess.CalledProcessError:
            # It fails with EROFS once the abort has worked.
            pass

    def heal(self) -> None:
        """Ends every fault that does not need the store's program to be ended first."""
        self.empty()
        if self.kind == "ext4":
            # It fails if nothing is frozen.
            subprocess.run(
                [installed("fsfreeze"), "-u", str(self.path)], check=False, stderr=subprocess.DEVNULL, timeout=60)

    @property
    def is_writable(self) -> bool:
        try:
            probe = self.path / "probe"
            probe.write_bytes(b"x")
            probe.unlink()
            return True
        except OSError:
            return False

    def mount(self) -> None:
        with self._lock:
            if not self._is_mounted and not self._is_removed:
                self._run("mount", "-o", "loop", str(self._image), str(self.path))
                self._is_mounted = True

    def unmount(self) -> None:
        with self._lock:
            if self._is_mounted:
                self._run("umount", str(self.path))
                self._is_mounted = False

    def check(self) -> None:
        """Repairs the file system after :meth:`make_read_only`; unmounted only."""
        # Status 1 means that errors were corrected.
        subprocess.run(
            [installed("fsck.ext4"), "-p", "-f", str(self._image)], timeout=60, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, check=False)

    @staticmethod
    def clear(folder: Path) -> None:
        """Unmounts what a round that was killed has left in its folder."""
        path = folder / "disk"
        if path.is_mount():
            for words in (["fsfreeze", "-u", str(path)], ["umount", "-l", str(path)]):
                subprocess.run([installed(words[0]), *words[1:]], check=False, stderr=subprocess.DEVNULL, timeout=60)

    def remove(self, kept: Optional[Path] = None) -> None:
        """Unmounts the disk for good; copies the store's files into ``kept`` first."""
        with self._lock:
            self._is_removed = True
            self._remove(kept)

    def _remove(self, kept: Optional[Path]) -> None:
        if self._is_mounted:
            # A frozen file system cannot be unmounted.
            subprocess.run(
                [installed("fsfreeze"), "-u", str(self.path)], check=False, stderr=subprocess.DEVNULL, timeout=60)
        if kept is not None and self._is_mounted:
            shutil.copytree(self.store, kept, dirs_exist_ok=True)
        if self._is_mounted:
            try:
                self._run("umount", str(self.path))
            except subprocess.CalledProcessError:
                self._run("umount", "-l", str(self.path))
            self._is_mounted = False
        self._image.unlink(missing_ok=True)
