"""The embedded offline model: learns a repository in moments and completes code from it.

Owns what the engine promises to others: `learn` at any time from one thread while others call
`complete`. Everything is a function of what was learned and asked; there is no clock and no
chance in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spark_lsp.engine.corpus import Corpus
from spark_lsp.engine.decode import Gate, Piece, Writer
from spark_lsp.engine.lexer import unify_newlines
from spark_lsp.engine.page import Reader, Source
from spark_lsp.engine.segment import Segment
from spark_lsp.engine.vocabulary import Vocabulary
from spark_lsp.engine.vote import DEPTH, Ballot, Weights

_Voices: TypeAlias = tuple[tuple[Segment, NDArray[np.float64]], ...]
"""Segments, and for each the weight of each of its files."""

__all__ = ["INVOKED", "Engine", "Gate", "Piece"]

INVOKED: Final = Gate(line=0.0, fragment=0.0, floor=0.0)
"""For who has asked by a command: the rest of the line, however unlikely."""


class Engine:
    """A model of one repository."""

    def __init__(self, gate: Gate = Gate(), weights: Weights = Weights()) -> None:
        self._gate = gate
        self._weights = weights
        self._vocabulary = Vocabulary()
        self._reader = Reader(self._vocabulary)
        self._corpus = Corpus()
        self._foreign = Corpus()
        self._says: tuple[Corpus, Corpus, str, _Voices] | None = None

    def learn(self, files: Mapping[str, str | None], *, foreign: bool = False) -> None:
        """Learns texts by workspace-relative POSIX path in place of what was learned of them.

        None forgets. What is learned counts for every completion that begins after this returns.
        What is `foreign`, such as installed dependencies, counts for little, and is kept apart, so
        that the places that are looked at are no fewer of the repository's own.
        """
        encode = self._vocabulary.encode
        texts = {
            path: None if text is None else encode(unify_newlines(text))
            for path, text in files.items()
        }
        if foreign:
            self._foreign = self._foreign.learned(texts)
        else:
            self._corpus = self._corpus.learned(texts)

    @property
    def tokens(self) -> int:
        """Tokens learned."""
        return self._corpus.tokens + self._foreign.tokens

    @property
    def files(self) -> int:
        """Files learned."""
        return len(self._corpus.homes) + len(self._foreign.homes)

    def complete(
        self,
        path: str,
        prefix: str,
        suffix: str,
        reference: Sequence[tuple[str, str]] = (),
        limit: int = 128,
        *,
        gate: Gate | None = None,
    ) -> Iterator[Piece]:
        """What comes between `prefix` and `suffix` in the file at `path`, as far as that is sure.

        `reference` holds paths and texts that are known besides, such as other open files. What
        was learned of `path` itself has no say: `prefix` and `suffix` are what it is now. At most
        `limit` pieces come; none where `gate`, by default the engine's own, lets none through.
        Lines end by a line feed, however the file's do.
        """
        weights = self._weights
        page = self._reader.read(
            Source(prefix, weights.prefix),
            Source(suffix, weights.suffix),
            [
                Source(text, weights.same_path if other == path else weights.reference)
                for other, text in reference
            ],
            DEPTH,
        )
        ballot = Ballot(page, self._voices(path), self._vocabulary, weights)
        writer = Writer(page, ballot, self._vocabulary, gate or self._gate)
        return writer.pieces(limit)

    def _voices(self, path: str) -> _Voices:
        """The segments and what each of their files has to say about `path`."""
        own, foreign, says = self._corpus, self._foreign, self._says
        if says is None or says[0] is not own or says[1] is not foreign or says[2] != path:
            segments = tuple(
                (
                    segment,
                    np.array(
                        [
                            self._weight(path, other, foreign=corpus is foreign)
                            if corpus.homes.get(other) is segment
                            else 0.0
                            for other in segment.paths
                        ]
                    ),
                )
                for corpus in (own, foreign)
                for segment in corpus.segments
            )
            says = self._says = (own, foreign, path, segments)
        return says[3]

    def _weight(self, path: str, other: str, *, foreign: bool) -> float:
        if other == path:
            return 0.0
        if foreign:
            return self._weights.foreign
        folder, _, name = path.rpartition("/")
        other_folder, _, other_name = other.rpartition("/")
        if name.rpartition(".")[2] != other_name.rpartition(".")[2]:
            return self._weights.elsewhere
        return self._weights.same_directory if folder == other_folder else self._weights.same_suffix
