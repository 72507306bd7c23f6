"""What has changed in a task's place since a point, read from git or held against older texts.

Owns the finding of both sides of each file. What a task must not see is in neither, also where an
older commit has it. How they are shown is left to `core.tasks.change`.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from spark_lsp.core import exclusion
from spark_lsp.core.tasks.change import Changed
from spark_lsp.server import git, walk
from spark_lsp.server.standing import Standings

_MOST: Final = 300
"""Files that are looked at; a larger change is none that a model could review."""
_LARGEST: Final = 1_000_000
"""Bytes of a file above which it is not shown."""


def since_revision(
    folder: Path,
    root: Path,
    environment: Mapping[str, str],
    revision: str,
    masked: Iterable[str] = (),
) -> tuple[list[Changed], list[str]]:
    """Return what has changed below a folder since a revision, and the names of new files.

    A revision that lies on another branch stands for the point where the two have parted, so that
    what others have done there is not taken for undone here. What is `masked` in the folder is held
    against it too: git has been told to look away from it. Blocks.

    Raises:
        GitError: if there is no such revision, or more has changed than can be shown.
    """
    base = _base(folder, environment, revision)
    options = ("--no-ext-diff", "--no-textconv", "--no-renames", "--relative", "--name-only", "-z")
    names = git.paths(git.run(folder, environment, "diff", *options, base, "--", "."))
    fresh = git.untracked(folder, environment)
    seen = _seen(root, names)
    if len(seen) > _MOST:
        raise git.GitError(f"more than {_MOST} files have changed: choose a nearer point")
    # New files are named, and not shown.
    seen += _seen(root, set(masked) - names - fresh)
    changed = [Changed(it, _old(folder, environment, base, it), _new(folder, it)) for it in seen]
    return [it for it in changed if _differs(root, it)], _seen(root, fresh)


def since_texts(folder: Path, root: Path, before: Mapping[str, str]) -> list[Changed]:
    """Return what has changed in some files, given their texts as they were. Blocks."""
    changed = (Changed(it, before[it], _new(folder, it)) for it in _seen(root, before))
    return [it for it in changed if _differs(root, it)]


def _differs(root: Path, file: Changed) -> bool:
    """Whether a file has changed; one that the person has and that was not laid down has not."""
    return file.before != file.now and not (file.now is None and os.path.lexists(root / file.path))


def _base(folder: Path, environment: Mapping[str, str], revision: str) -> str:
    verify = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    try:
        commit = git.run(folder, environment, *verify).decode().strip()
        return git.run(folder, environment, "merge-base", "HEAD", commit).decode().strip()
    except (git.GitError, UnicodeEncodeError):
        raise git.GitError(f"git knows no revision {revision[:80]!r} of this branch") from None


def _seen(root: Path, paths: Iterable[str]) -> list[str]:
    """Return, in order, those of some paths that a task may see, by the rules of the workspace.

    Those in the place will not do: some may lie above it, or be known to the person alone.
    """
    standings = Standings(root)
    return [path for path in sorted(paths) if not standings.of(path).withheld]


def _old(folder: Path, environment: Mapping[str, str], base: str, path: str) -> str | None:
    name = f"{base}:./{path}"
    try:
        size = int(git.run(folder, environment, "cat-file", "-s", name))
        if size > _LARGEST:
            return _unshown(size)
        blob = git.run(folder, environment, "cat-file", "blob", name)
    except git.GitError:
        return None
    return _text(blob)


def _new(folder: Path, path: str) -> str | None:
    try:
        with walk.opened(folder, path) as file:
            return _text(file.read(_LARGEST + 1))
    except (OSError, ValueError):
        return None


def _text(content: bytes) -> str:
    """Return what is shown of a file; of one that is no text, that it is none."""
    if len(content) > _LARGEST or exclusion.is_binary(content):
        return _unshown(len(content))
    return content.decode("utf-8", "replace")


def _unshown(size: int) -> str:
    return f"({size:,} bytes that are not shown)"
