"""Where the Codex CLI is on this machine, and what of it its own sandbox must be able to read.

Owns the search and the sentence for who has none. Nothing is run to find out.
"""

import itertools
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOW_TO_GET_ONE = (
    "background tasks need the Codex CLI: npm install -g @openai/codex, or say where it is with "
    "agent_command"
)


class NotInstalled(Exception):  # noqa: N818 - a state of the world, not a defect
    """There is no agent; the message is one sentence that says how to get one."""


@dataclass(frozen=True, slots=True)
class Program:
    """An agent's program.

    Attributes:
        path: what is run.
        folder: where its parts are, absolute and without links; or a file, if there is but one.
    """

    path: Path
    folder: Path


def find(command: str, environment: Mapping[str, str], outside: Path) -> Program:
    """Find a program by its path or name; "" is `codex`.

    Never one inside of `outside`, the worktree: a repository does not say what is run.

    Raises:
        NotInstalled: if there is none.
    """
    # Relative entries would be looked up in whatever directory we were started in.
    entries = filter(os.path.isabs, environment.get("PATH", os.defpath).split(os.pathsep))
    found = shutil.which(command or "codex", path=os.pathsep.join(entries))
    if found is None or not Path(found).is_absolute():
        raise NotInstalled(_sentence(command))
    real = Path(os.path.realpath(found))
    if real.is_relative_to(os.path.realpath(outside)):
        raise NotInstalled(_sentence(command))
    return Program(Path(found), _folder(real))


def _sentence(command: str) -> str:
    return f"there is no agent {command!r}: {HOW_TO_GET_ONE}" if command else HOW_TO_GET_ONE


def _folder(real: Path) -> Path:
    """Return where a program's parts are: npm puts the program proper into a sister package.

    Where that would be a folder in which people live, it is the program alone.
    """
    for inner, outer in itertools.pairwise(real.parents):
        if outer.name == "node_modules":
            return inner
    home = Path(os.path.realpath(Path.home()))
    return real if home.is_relative_to(real.parent) else real.parent
