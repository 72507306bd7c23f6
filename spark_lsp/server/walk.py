"""Which files a workspace has.

Owns the walk and the ignore files: `.gitignore` and `.sparkignore` at every level, the deepest
deciding first, and `.git/info/exclude`. No program is run: a repository may be hostile, and git
itself runs what its configuration says. Symbolic links are not followed, so a walk always ends.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from spark_lsp.core import exclusion

_IGNORE_FILES = (".gitignore", ".sparkignore")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the workspace: relative POSIX path, size in bytes, and when it changed (ns)."""

    path: str
    size: int
    changed: int


@dataclass(frozen=True, slots=True)
class _Rules:
    """The patterns of one directory, with the directory's path and a slash, or ""."""

    base: str
    spec: GitIgnoreSpec


def walk(root: Path) -> Iterator[Entry]:
    """Yield the files that may be read, breadth first, each directory in name order."""
    top = _rules(root / ".git" / "info" / "exclude", "")
    level: list[tuple[str, list[_Rules]]] = [("", [top] if top else [])]
    while level:
        below: list[tuple[str, list[_Rules]]] = []
        for base, inherited in level:
            try:
                with os.scandir(root / base) as found:
                    entries = sorted(found, key=lambda entry: entry.name)
            except OSError:
                continue
            names = {entry.name for entry in entries}
            rules = inherited + [
                made
                for name in _IGNORE_FILES
                if name in names and (made := _rules(root / base / name, base))
            ]
            for entry in entries:
                path = base + entry.name
                try:
                    if entry.is_dir(follow_symlinks=False):
                        if not _skip_directory(entry.name, path, rules):
                            below.append((path + "/", rules))
                    elif entry.is_file(follow_symlinks=False) and not _ignored(path, rules):
                        if exclusion.excluded_by_name(path):
                            continue
                        stat = entry.stat(follow_symlinks=False)
                        if stat.st_size <= exclusion.SIZE_LIMIT:
                            yield Entry(path, stat.st_size, stat.st_mtime_ns)
                except OSError:
                    continue
        level = below


def allowed(root: Path, path: str) -> bool:
    """Whether a walk of `root` would yield a file of this relative path if it existed."""
    if exclusion.excluded_by_name(path):
        return False
    top = _rules(root / ".git" / "info" / "exclude", "")
    rules = [top] if top else []
    parts = path.split("/")
    for depth in range(len(parts)):
        base = "".join(part + "/" for part in parts[:depth])
        if depth and _ignored(base, rules):
            return False
        rules += [made for name in _IGNORE_FILES if (made := _rules(root / base / name, base))]
    return not _ignored(path, rules)


def read(root: Path, path: str) -> str | None:
    """Return a file's text, or None if it is gone, too large, or no text; any bytes decode."""
    try:
        content = (root / path).read_bytes()
    except OSError:
        return None
    if len(content) > exclusion.SIZE_LIMIT or exclusion.is_binary(content):
        return None
    return content.decode("utf-8", "replace")


def _skip_directory(name: str, path: str, rules: Sequence[_Rules]) -> bool:
    return exclusion.directory_excluded(name) or _ignored(path + "/", rules)


def _ignored(path: str, rules: Sequence[_Rules]) -> bool:
    for rule in reversed(rules):
        verdict = rule.spec.check_file(path[len(rule.base) :]).include
        if verdict is not None:
            return verdict
    return False


def _rules(file: Path, base: str) -> _Rules | None:
    try:
        lines = file.read_text("utf-8", "replace").splitlines()
        return _Rules(base, GitIgnoreSpec.from_lines(lines))
    except (OSError, ValueError):
        return None
