"""The repository as the engine knows it: segments of files, and which of those files still count.

A `Corpus` is a value. Learning makes a new one that shares what did not change: a fresh small
segment for the files at hand, merged with its predecessors unless those are much larger, so that
learning a file costs in proportion to that file and a lookup visits few segments.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from spark_lsp.engine.segment import Segment, build
from spark_lsp.engine.vocabulary import Ids

_GROWTH = 8
"""A segment stands beside a newer one only while it is this many times as large."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """What has been learned, as of one moment."""

    segments: tuple[Segment, ...] = ()
    """Largest and oldest first."""
    homes: Mapping[str, Segment] = field(default_factory=dict)
    """The segment that holds the current tokens of each file."""

    @property
    def tokens(self) -> int:
        """Tokens of all current files."""
        return sum(self._current(segment) for segment in self.segments)

    def learned(self, files: Mapping[str, Ids | None]) -> "Corpus":
        """This corpus with `files` replaced, or forgotten where None."""
        homes = {path: home for path, home in self.homes.items() if path not in files}
        kept = Corpus(self.segments, homes)
        fresh = {path: ids for path, ids in files.items() if ids is not None}
        segments: list[Segment] = []
        for segment in reversed(self.segments):
            size, current = sum(ids.size for ids in fresh.values()), kept._current(segment)
            if current >= _GROWTH * size and 2 * current >= segment.tokens:
                segments.append(segment)
                continue
            for index, path in enumerate(segment.paths):
                if homes.get(path) is segment:
                    fresh[path] = segment.file(index)
        segments.reverse()
        if fresh:
            segment = build(sorted(fresh.items()))
            segments.append(segment)
            homes.update(dict.fromkeys(segment.paths, segment))
        segments.sort(key=lambda segment: -segment.tokens)
        return Corpus(tuple(segments), homes)

    def _current(self, segment: Segment) -> int:
        sizes = segment.sizes
        return sum(
            sizes[index]
            for index, path in enumerate(segment.paths)
            if self.homes.get(path) is segment
        )
