"""Removes the place of a task, and nothing else.

Owns the deleting of directories that somebody else has worked in, and of what git keeps of a
worktree that is gone. When a place is removed is decided in `worktrees`.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from spark_lsp.server.baseline import Baseline


def removed(home: Path) -> None:
    """Remove a place, and what git keeps of its worktree."""
    facts: dict[str, str] = {}
    with suppress(sqlite3.Error, OSError):
        baseline = Baseline(home)
        try:
            facts = baseline.facts()
        finally:
            baseline.close()
    tree = Path(facts.get("tree", home / home.name))
    unjoined(tree, facts.get("admin", ""))
    deleted(home)


def unjoined(tree: Path, admin: str = "") -> None:
    """Remove a worktree, and git's own directory of it if that is known or can be read."""
    admin = admin or _named(tree)
    deleted(tree)
    if admin and not os.path.lexists(tree):
        _forgotten(Path(admin), tree)


def _named(tree: Path) -> str:
    """Return what a worktree says is git's directory of it, for one that was never finished."""
    with suppress(OSError, ValueError):
        kind, _, admin = (tree / ".git").read_text("utf-8", "surrogateescape").partition(": ")
        return admin.strip("\n") if kind == "gitdir" else ""
    return ""


def _forgotten(admin: Path, tree: Path) -> None:
    """Remove git's own directory of a worktree that is gone, if it is what it was.

    `git worktree prune` would do so too, and with it remove others of the person's whose disks are
    not there at the moment.
    """
    with suppress(OSError, ValueError):
        points = (admin / "gitdir").read_text("utf-8", "surrogateescape").strip("\n")
        if admin.parent.name == "worktrees" and Path(os.path.realpath(points)) == Path(
            os.path.realpath(tree / ".git")
        ):
            deleted(admin)
            admin.parent.rmdir()  # as git does where it was the last


def deleted(folder: Path) -> None:
    """Delete a directory, also where a task has taken rights away; links are not followed."""
    shutil.rmtree(folder, ignore_errors=True)
    if os.path.lexists(folder):
        for inner in _folders(folder):
            with suppress(OSError):
                inner.chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)


def _folders(folder: Path) -> Iterator[Path]:
    """Yield a directory and those in it; each is yielded before it is looked into."""
    yield folder
    with suppress(OSError), os.scandir(folder) as found:
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                yield from _folders(Path(entry.path))
