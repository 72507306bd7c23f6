"""Which points of a repository's history work may be finished from.

Owns the choice: the last commit, and where the branch left the main one. git is run by `git`, in
whose docstring stands what a repository cannot make it do.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spark_lsp.server import git
from spark_lsp.server.git import GitError, Repository

LAST: Final = "HEAD"
_MAIN: Final = ("refs/remotes/origin/HEAD", "refs/heads/main", "refs/heads/master")


@dataclass(frozen=True, slots=True)
class Point:
    """A commit.

    Attributes:
        revision: by which git knows it.
        label: what lies behind it, in a few words.
        subject: the first line of its message.
        at: seconds since the epoch when it was made.
    """

    revision: str
    label: str
    subject: str
    at: float


def points(root: Path) -> list[Point]:
    """Return the points of a workspace, the nearest first; none without a repository. Blocks."""
    try:
        found = git.repository(root)
        head = _point(found, found.head, LAST, "what is not committed")
    except GitError:
        return []
    for main in _MAIN:
        with suppress(GitError):
            left = git.run(found.top, found.environment, "merge-base", "--", "HEAD", main)
            base = left.decode().strip()
            if base == found.head:
                return [head]
            named = git.run(found.top, found.environment, "rev-parse", "--abbrev-ref", main)
            name = named.decode("utf-8", "replace").strip()
            return [head, _point(found, base, base, f"all since {name}")]
    return [head]


def _point(found: Repository, commit: str, revision: str, label: str) -> Point:
    told = git.run(
        found.top, found.environment, "log", "-1", "--no-show-signature", "--format=%ct %s", commit
    )
    at, _, subject = told.decode("utf-8", "replace").strip().partition(" ")
    return Point(revision, label, subject, float(at))
