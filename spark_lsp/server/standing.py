"""What a task may see of a workspace, and what of its work may come back.

Owns the judgement of a path and of a content. What is forbidden by `.sparkignore` or
`.spark-lsp.toml`, or secret by name, is neither laid before a task nor taken from it. Of a content
a task sees what models see: asterisks for its secrets.
What is only uninteresting to the index (vendored, generated) is laid down if git tracks it, for a
task may have to build and test; of what a task makes anew there, nothing comes back.
"""

import os
from enum import Enum
from pathlib import Path

from spark_lsp.core import exclusion
from spark_lsp.core.tasks import masks
from spark_lsp.server import walk

_SECRET = "secret by name"  # noqa: S105 - the name of a reason


class Standing(Enum):
    """How a path stands."""

    FREE = "free"
    NOISE = "vendored or generated"
    IGNORED = "ignored by git"
    FORBIDDEN = "excluded by .sparkignore or .spark-lsp.toml"
    SECRET = "secret by name"  # noqa: S105 - the name of a reason

    @property
    def withheld(self) -> bool:
        """Whether a task must not see it."""
        return self in {Standing.FORBIDDEN, Standing.SECRET}


class Standings:
    """Judges the paths of a workspace, by its ignore files as they are now.

    Serves for one round of questions.
    """

    def __init__(self, root: Path) -> None:
        """Take the directory of the workspace."""
        self._root = root
        self._judge = walk.Judge(root)

    def of(self, path: str, *, directory: bool = False) -> Standing:
        """Return how a relative path stands."""
        if _secret(f"{path}/-" if directory else path):
            return Standing.SECRET
        try:
            path.encode()
        except UnicodeEncodeError:
            return Standing.IGNORED  # no protocol could carry its name
        if not directory and self._judge.allows(path):
            return Standing.FREE
        return self._ruled(path, directory=directory)

    def _ruled(self, path: str, *, directory: bool) -> Standing:
        """Return by which rule a path is left out, if by any."""
        names = path.split("/")
        below = ""
        place = self._judge.place("")
        shut = False
        for index, name in enumerate(names):
            inner = below + name
            folder = directory or index + 1 < len(names)
            if place and place.forbids(inner.encode(), directory=folder):
                return Standing.FORBIDDEN
            if place and place.ignores(inner.encode(), directory=folder):
                return Standing.IGNORED
            below = f"{inner}/"
            if folder and not shut:
                deeper = self._judge.place(below)
                # Below a directory that is never entered the rules of the last one hold.
                place, shut = deeper or place, deeper is None
            if folder and shut and os.path.lexists(self._root / below / ".sparkignore"):
                return Standing.FORBIDDEN  # nobody has read what it says, so it forbids all
        noise = shut or exclusion.excluded_by_name(f"{path}/-" if directory else path)
        return Standing.NOISE if noise else Standing.FREE


def masked(content: bytes) -> bytes | None:
    """Return a content without its secrets, with the same lines; None if that cannot be done."""
    if exclusion.is_binary(content):
        return content
    text = content.decode("utf-8", "replace")
    shown = masks.masked(text)
    if shown == text:
        return content
    # What stands for letters of another encoding would not become these again.
    return shown.encode() if text.encode() == content else None


def _secret(path: str) -> bool:
    """Whether any part of a path says so, also below a directory that is left out anyway."""
    *parents, name = path.split("/")
    return (
        any(exclusion.excluded_by_name(f"{parent}/-") == _SECRET for parent in parents)
        or exclusion.excluded_by_name(name) == _SECRET
        or exclusion.excluded_by_name("/".join([*parents[-1:], name])) == _SECRET
    )
