"""What one ignore file says of a path, by git's rule.

Owns the reading of its lines and the matching of its patterns, as gitignore(5) has it and, where
that is silent, as git does (`dir.c`, `wildmatch.c`): patterns and paths are bytes, `?` is one of
them, and a path is judged by itself. That nothing comes back out of an ignored directory is for
whoever descends to see to.

A repository may be hostile, so matching never backtracks. A pattern is cut at its stars into runs;
a run has a fixed length, hence the leftmost place that fits is as good as any other, and a match
takes at most pattern times path steps. `**` does the same to the segments of a path that `*` does
to the bytes of a name.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar

_LINE_LIMIT = 4096
"""Bytes of a line that is still a pattern: no path is longer."""

_PATTERNS = 2_000
"""Patterns of a file, plain names aside, above which everything counts as ignored: each path is
held against each of them, and nobody has written so many."""

_SPECIAL = re.compile(rb"[*?\[\\]")
_AFTER_STARS = re.compile(rb"\\?/|\Z")
_NAMED = re.compile(rb"\[:([^\]]*):\]")
_ANY_BYTE = frozenset(range(256))
_SLASH = ord("/")

_LOWER = frozenset(range(ord("a"), ord("z") + 1))
_UPPER = frozenset(range(ord("A"), ord("Z") + 1))
_DIGIT = frozenset(range(ord("0"), ord("9") + 1))
_PRINT = frozenset(range(0x20, 0x7F))
_SPACE = frozenset(b" \t\n\r")
_CLASSES = {
    b"alnum": _LOWER | _UPPER | _DIGIT,
    b"alpha": _LOWER | _UPPER,
    b"blank": frozenset(b" \t"),
    b"cntrl": frozenset(range(0x20)) | {0x7F},
    b"digit": _DIGIT,
    b"graph": _PRINT - _SPACE,
    b"lower": _LOWER,
    b"print": _PRINT,
    b"punct": _PRINT - _SPACE - _LOWER - _UPPER - _DIGIT,
    b"space": _SPACE,
    b"upper": _UPPER,
    b"xdigit": _DIGIT | frozenset(b"abcdefABCDEF"),
}

_Fits: TypeAlias = Callable[[bytes], bool]
_Whole_contra = TypeVar("_Whole_contra", bound=Sequence[object], contravariant=True)


class _Bad(Exception):  # noqa: N818 - it is no error, the line just says nothing
    """A line that matches nothing."""


class Rules:
    """The patterns of one ignore file; the last that fits a path decides."""

    def __init__(self, content: bytes) -> None:
        """Read a file's content; a line that is no pattern costs only itself."""
        rules = _rules(content)
        self._of_directories = _Table(rules)
        self._of_files = _Table([rule for rule in rules if not rule.directories_only])

    def verdict(self, path: bytes, *, directory: bool) -> bool | None:
        """Return whether a path is ignored, or None if nothing is said of it.

        The path is relative to the directory that the file speaks for, without a slash at its end.
        """
        table = self._of_directories if directory else self._of_files
        return table.verdict(path)


@dataclass(frozen=True, slots=True)
class _Rule:
    ignores: bool
    directories_only: bool
    name: bytes | None  # a plain name at any depth: the most frequent kind
    on_path: bool
    fits: _Fits


class _Table:
    """Rules in the order of their file, plain names aside: those are looked up, not tried."""

    def __init__(self, rules: Sequence[_Rule]) -> None:
        self._ignores = [rule.ignores for rule in rules]
        self._names = {rule.name: at for at, rule in enumerate(rules) if rule.name is not None}
        self._others = [
            (at, rule.on_path, rule.fits) for at, rule in enumerate(rules) if rule.name is None
        ][::-1]

    def verdict(self, path: bytes) -> bool | None:
        name = path[path.rfind(b"/") + 1 :]
        best = self._names.get(name, -1)
        for at, on_path, fits in self._others:
            if at < best:
                break
            if fits(path if on_path else name):
                best = at
                break
        return None if best < 0 else self._ignores[best]


def _rules(content: bytes) -> list[_Rule]:
    rules = []
    for line in content.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        # To git, a line is a string of C.
        text = line.removesuffix(b"\r").split(b"\0", 1)[0]
        if len(text) <= _LINE_LIMIT and not text.startswith(b"#"):
            try:
                rules.append(_rule(_trimmed(text)))
            except _Bad:
                continue
    if sum(rule.name is None for rule in rules) > _PATTERNS:
        return [_rule(b"*")]
    return rules


def _trimmed(line: bytes) -> bytes:
    """Return a line without the spaces at its end, but with one that is escaped."""
    kept = line.rstrip(b" ")
    backslashes = len(kept) - len(kept.rstrip(b"\\"))
    return kept + b" " if backslashes % 2 and len(kept) < len(line) else kept


def _rule(line: bytes) -> _Rule:
    ignores = not line.startswith(b"!")
    pattern = line if ignores else line[1:]
    directories_only = pattern.endswith(b"/")
    pattern = pattern.removesuffix(b"/")
    if not pattern:
        raise _Bad
    on_path = b"/" in pattern
    name = None
    if on_path:
        fits = _path(pattern.removeprefix(b"/"))
    elif not _SPECIAL.search(pattern):
        name, fits = pattern, pattern.__eq__
    else:
        (segment,) = _segments(pattern, deep=False)
        assert segment is not None  # only where `deep`
        fits = _name(segment)
    return _Rule(ignores, directories_only, name, on_path, fits)


def _path(pattern: bytes) -> _Fits:
    """Return what fits a whole path.

    As in git, what stands before the first special byte is compared for itself and the rest begins
    a pattern of its own, so that `a**/b` fits `ab` and `ax/y/b`, whatever the manual says.
    """
    special = _SPECIAL.search(pattern)
    if not special:
        return pattern.__eq__
    prefix, rest = pattern[: special.start()], pattern[special.start() :]
    groups: list[list[_Fits]] = [[]]
    for segment in _segments(rest, deep=True):
        if segment is None:
            groups.append([])
        else:
            groups[-1].append(_name(segment))
    runs = [_Names(group) for group in groups]
    skip = len(prefix)
    return lambda path: path.startswith(prefix) and _in_order(runs, path[skip:].split(b"/"))


def _name(segment: "_Segment") -> _Fits:
    """Return what fits a name, which holds no slash."""
    groups: list[list[frozenset[int]]] = [[]]
    for one in segment:
        if one is None:
            groups.append([])
        else:
            groups[-1].append(one)
    plain = [_plain(group) for group in groups]
    match plain:
        case [bytes() as text]:
            return text.__eq__
        case [b"", bytes() as end]:
            return lambda name: name.endswith(end)
    runs = [_Bytes(group) for group in groups]
    return lambda name: _in_order(runs, name)


def _plain(group: Sequence[frozenset[int]]) -> bytes | None:
    """Return the only bytes that fit, if there is only one choice."""
    return bytes(min(one) for one in group) if all(len(one) == 1 for one in group) else None


class _Run(Protocol[_Whole_contra]):
    """Items that stand side by side."""

    length: int

    def find(self, whole: _Whole_contra, start: int, end: int) -> int:
        """Return the leftmost place within these bounds, or -1."""
        ...


def _in_order(runs: "Sequence[_Run[_Whole_contra]]", whole: _Whole_contra) -> bool:
    """Whether runs stand one after another: the first at the beginning, the last at the end."""
    first, last = runs[0], runs[-1]
    at, end = first.length, len(whole) - last.length
    if len(runs) == 1:
        return end == 0 and first.find(whole, 0, at) == 0
    if at > end or first.find(whole, 0, at) or last.find(whole, end, len(whole)) < 0:
        return False
    for run in runs[1:-1]:
        found = run.find(whole, at, end)
        if found < 0:
            return False
        at = found + run.length
    return True


class _Bytes:
    """Neighbouring bytes: a regular expression without choice or repetition."""

    def __init__(self, sets: Sequence[frozenset[int]]) -> None:
        self.length = len(sets)
        self._search = re.compile(b"".join(map(_spelled, sets)), re.DOTALL).search

    def find(self, whole: bytes, start: int, end: int) -> int:
        found = self._search(whole, start, end)
        return found.start() if found else -1


def _spelled(one: frozenset[int]) -> bytes:
    if one == _ANY_BYTE:
        return b"."
    return b"[" + b"".join(b"\\x%02x" % byte for byte in sorted(one)) + b"]"


class _Names:
    """Neighbouring segments of a path."""

    def __init__(self, globs: Sequence[_Fits]) -> None:
        self.length = len(globs)
        self._globs = globs

    def find(self, whole: Sequence[bytes], start: int, end: int) -> int:
        for at in range(start, end - self.length + 1):
            if all(fits(whole[at + ahead]) for ahead, fits in enumerate(self._globs)):
                return at
        return -1


_Segment: TypeAlias = list[frozenset[int] | None]
"""What may stand at each byte of a name; None is a star."""


def _segments(pattern: bytes, *, deep: bool) -> list[_Segment | None]:
    """Cut a pattern at its slashes; None, if `deep`, is any number of segments."""
    segments: list[_Segment | None] = []
    segment: _Segment = []
    at = 0
    while at < len(pattern):
        byte = pattern[at]
        if byte == ord("*"):
            start, at = at, len(pattern) - len(pattern[at:].lstrip(b"*"))
            alone = at - start > 1 and (start == 0 or pattern[start - 1] == _SLASH)
            if deep and alone and (slash := _AFTER_STARS.match(pattern, at)):
                at = slash.end()
                # Only a plain slash may be matched together with the stars by nothing.
                segments += [None] if slash[0] == b"/" else [[None], None]
                if slash[0] == b"":
                    return segments
            else:
                segment.append(None)
            continue
        if byte == ord("?"):
            one = _ANY_BYTE
        elif byte == ord("["):
            one, at = _bracket(pattern, at + 1)
        else:
            if byte == ord("\\"):
                at += 1
                byte = _byte(pattern, at)
            one = frozenset((byte,))
        at += 1
        if byte == _SLASH:
            segments.append(segment)
            segment = []
        else:
            segment.append(one)
    return [*segments, segment]


def _bracket(pattern: bytes, at: int) -> tuple[frozenset[int], int]:
    """Read a bracket expression from behind its `[`; returns also where its `]` stands."""
    negated = pattern[at : at + 1] in {b"!", b"^"}
    start = at = at + negated
    chosen: set[int] = set()
    before = 0  # what a range would begin with, or 0
    while at == start or _byte(pattern, at) != ord("]"):
        byte = _byte(pattern, at)
        if byte == ord("-") and before and pattern[at + 1 : at + 2] not in {b"]", b""}:
            byte, at = _escaped(pattern, at + 1)
            chosen.update(range(before, byte + 1))
            before = 0
        elif named := _NAMED.match(pattern, at):
            if named[1] not in _CLASSES:
                raise _Bad
            chosen |= _CLASSES[named[1]]
            at = named.end() - 1
            before = 0
        else:
            before, at = _escaped(pattern, at)
            chosen.add(before)
        at += 1
    fitting = (_ANY_BYTE - chosen if negated else chosen) - {_SLASH}
    if not fitting:
        raise _Bad
    return frozenset(fitting), at


def _escaped(pattern: bytes, at: int) -> tuple[int, int]:
    """Return the byte at a place, or the one behind it if it is a backslash, and its place."""
    at += _byte(pattern, at) == ord("\\")
    return _byte(pattern, at), at


def _byte(pattern: bytes, at: int) -> int:
    if at >= len(pattern):
        raise _Bad
    return pattern[at]
