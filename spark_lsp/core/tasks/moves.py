"""Which files have become which, where some are gone and others have come.

Owns that judgement, which is one of contents: the same text under another name has been moved, and
so has a text most of whose lines are there. What follows of it is left to `patch`.
"""

from collections import Counter
from collections.abc import Mapping

_ALIKE = 0.6
"""Share of lines, counted on both sides, from which on one file has become another."""
_MOST = 100
"""Files on each side up to which those are compared that are not the same to the letter."""
_FEWEST = 3
"""Lines that say something, below which two texts are alike by chance."""


def moved(gone: Mapping[str, str], come: Mapping[str, str]) -> dict[str, str]:
    """Return the old path of each new one that is a file which was elsewhere before."""
    found: dict[str, str] = {}
    left = dict(sorted(gone.items()))
    by_text: dict[str, list[str]] = {}
    for path, text in left.items():
        by_text.setdefault(text, []).append(path)
    for path, text in sorted(come.items()):
        if text.strip() and (old := by_text.get(text)):
            best = next((it for it in old if _name(it) == _name(path)), old[0])
            old.remove(best)
            del left[best]
            found[path] = best
    rest = {path: _said(text) for path, text in sorted(come.items()) if path not in found}
    if len(left) <= _MOST and len(rest) <= _MOST:
        found |= _alike({path: _said(text) for path, text in left.items()}, rest)
    return found


def _alike(gone: Mapping[str, Counter[str]], come: Mapping[str, Counter[str]]) -> dict[str, str]:
    """Return the pairs that have most in common, the surest first, each file once."""
    pairs = sorted(
        (-share, _name(old) != _name(new), old, new)
        for old, was in gone.items()
        for new, now in come.items()
        if (share := _share(was, now)) >= _ALIKE
    )
    found: dict[str, str] = {}
    for _, _, old, new in pairs:
        if new not in found and old not in found.values():
            found[new] = old
    return found


def _share(one: Counter[str], other: Counter[str]) -> float:
    sizes = one.total(), other.total()
    # Nothing in common can outweigh so unequal lengths.
    if min(sizes) < _FEWEST or 2 * min(sizes) < _ALIKE * sum(sizes):
        return 0.0
    return 2 * (one & other).total() / sum(sizes)


def _said(text: str) -> Counter[str]:
    """Return the lines of a text that say something."""
    return Counter(line.strip() for line in text.split("\n") if any(map(str.isalnum, line)))


def _name(path: str) -> str:
    return path.rpartition("/")[2]
