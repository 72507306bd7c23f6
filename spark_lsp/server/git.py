"""Runs git, and nothing that a repository would have run with it.

Owns the program, its environment and the few commands that a task's worktree needs. A repository
may be hostile, and git does what its configuration says: so hooks are looked for where none are,
the file monitor is off, nothing is fetched, filters and drivers that the repository itself names
do nothing, and no command is used that checks files out. What the person has configured for
themselves stays. The environment that does so is also for whoever works in the worktree.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_PATIENCE = 120
"""Seconds that one command may take."""
_OLDEST = (2, 31)
"""The first version that takes settings from its environment."""
_DRIVERS = r"^(filter|diff|merge)\..*(clean|smudge|process|textconv|command|external|driver)$"
_INSTEAD = {"textconv": "cat", "command": "true", "external": "true", "driver": "false"}
"""Programs in the place of those that a repository names, where none is not allowed."""
_REQUIRED = re.compile(r"(filter\..*)\.(?:clean|smudge|process)", re.DOTALL)
_ALWAYS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.sshCommand": "false",
    "core.askPass": "false",
    "core.pager": "cat",
    "core.editor": "false",
    "core.sparseCheckout": "false",
    "index.sparse": "false",
    "commit.gpgSign": "false",
    "tag.gpgSign": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
}


class GitError(Exception):
    """git is not there, or has refused; says why in a sentence."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository with a working tree and a commit.

    Attributes:
        top: its working tree.
        prefix: the workspace in it, relative, "" if that is the whole.
        head: the commit that is checked out.
        environment: in which git may be run.
    """

    top: Path
    prefix: str
    head: str
    environment: Mapping[str, str]


class BareError(GitError):
    """There is a repository and no files in it."""


def repository(root: Path) -> Repository:
    """Return the repository of a workspace; GitError if it has none that serves."""
    environment = _environment(os.environ, _ALWAYS)
    version = re.match(rb"git version (\d+)\.(\d+)", run(root, environment, "--version"))
    if not version or (int(version[1]), int(version[2])) < _OLDEST:
        raise GitError("git is older than 2.31 and would run what the repository names")
    told = _told(root, environment).split()
    if told[:1] == [b"true"]:
        raise BareError("the workspace is a bare repository: there are no files to work on")
    if told[1:2] != [b"true"]:
        raise GitError("the workspace is not in a working tree of git")
    top = Path(os.path.realpath(_line(run(root, environment, "rev-parse", "--show-toplevel"))))
    home = Path(os.path.realpath(root))
    if not home.is_relative_to(top):
        raise GitError("the repository says that its working tree is elsewhere")
    prefix = home.relative_to(top).as_posix()
    try:
        head = _line(run(root, environment, "rev-parse", "--verify", "HEAD^{commit}"))
    except GitError:
        raise GitError("the repository has no commit yet") from None
    return Repository(
        top,
        "" if prefix == "." else prefix,
        head,
        _environment(os.environ, _ALWAYS | _silenced(root, environment)),
    )


def _told(root: Path, environment: Mapping[str, str]) -> bytes:
    try:
        return run(root, environment, "rev-parse", "--is-bare-repository", "--is-inside-work-tree")
    except GitError as error:
        if "not a git repository" in str(error):
            raise GitError("the workspace is in no repository of git") from None
        raise


def tracked(root: Path, found: Repository) -> set[str]:
    """Return the paths below the workspace that git knows."""
    return paths(run(root, found.environment, "ls-files", "-z", "--cached"))


def untracked(folder: Path, environment: Mapping[str, str]) -> set[str]:
    """Return the files below a directory that git would add."""
    return paths(run(folder, environment, "ls-files", "-z", "--others", "--exclude-standard"))


def add_worktree(found: Repository, tree: Path) -> Path:
    """Make a worktree without files, detached, and return git's own directory of it."""
    run(
        found.top,
        found.environment,
        *("worktree", "add", "--quiet", "--detach", "--no-checkout", str(tree), found.head),
    )
    run(tree, found.environment, "read-tree", found.head)
    return Path(_line(run(tree, found.environment, "rev-parse", "--absolute-git-dir")))


def pass_over(found: Repository, tree: Path, laid: Iterable[str]) -> None:
    """Let git not miss in a worktree what has not been laid down there."""
    inside = f"{found.prefix}/" if found.prefix else ""
    there = {inside + path for path in laid}
    known = run(tree, found.environment, "ls-files", "-z", "--cached")
    away = [path for path in known.split(b"\0") if path and _decoded(path) not in there]
    if away:
        run(
            tree,
            found.environment,
            *("update-index", "-z", "--skip-worktree", "--stdin"),
            given=b"".join(path + b"\0" for path in away),
        )


def run(folder: Path, environment: Mapping[str, str], *arguments: str, given: bytes = b"") -> bytes:
    """Run a command of git in a directory and return what it writes."""
    program = _program(folder)
    try:
        done = subprocess.run(  # noqa: S603 - the program is git's, the arguments are ours
            [program, *arguments],
            cwd=folder,
            env=dict(environment),
            input=given,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise GitError(f"git could not be run ({type(error).__name__})") from error
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().split("\n")
        raise GitError(f"git {arguments[0]} failed: {lines[-1][:200].strip()}")
    return done.stdout


def _program(folder: Path) -> str:
    """Return git's path; never one that lies in the place that it would be run in."""
    # Entries that are relative would be looked up wherever the server was started.
    kept = [it for it in os.get_exec_path() if Path(it).is_absolute()]
    found = shutil.which("git", path=os.pathsep.join(kept))
    if not found or Path(os.path.realpath(found)).is_relative_to(os.path.realpath(folder)):
        raise GitError("there is no git on this machine")
    return found


def _environment(outer: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which nothing is set for another repository."""
    inner = cleaned(outer) | {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "LC_ALL": "C",
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for at, (name, value) in enumerate(settings.items()):
        inner |= {f"GIT_CONFIG_KEY_{at}": name, f"GIT_CONFIG_VALUE_{at}": value}
    return inner


def cleaned(outer: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without what is meant for git."""
    return {name: value for name, value in outer.items() if not name.upper().startswith("GIT_")}


def _silenced(root: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return settings that put nothing in the place of what the repository itself names."""
    found: dict[str, str] = {}
    for scope in ("--local", "--worktree"):
        try:
            listed = run(
                root,
                environment,
                *("config", scope, "--includes", "-z", "--name-only", "--get-regexp", _DRIVERS),
            )
        except GitError:
            continue  # there are none, which git calls a failure
        for name in filter(None, map(_decoded, listed.split(b"\0"))):
            found[name] = _INSTEAD.get(name.rpartition(".")[2], "")
            if match := _REQUIRED.fullmatch(name):
                found[f"{match[1]}.required"] = "false"
    return found


def paths(listed: bytes) -> set[str]:
    """Return the files of a list that ends each with a NUL."""
    # A nested repository is listed as a directory.
    return {_decoded(path) for path in listed.split(b"\0") if path and not path.endswith(b"/")}


def _line(told: bytes) -> str:
    return _decoded(told.removesuffix(b"\n"))


def _decoded(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
