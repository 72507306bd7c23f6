"""The embedded offline model: learns a repository in moments and completes code from it.

Owns what the engine promises to others: `learn` at any time from one thread while others call
`complete`. Everything is a function of what was learned and asked; there is no clock and no
chance in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from spark_lsp.core.hints import words_in
from spark_lsp.engine.decode import Gate, Piece, Writer
from spark_lsp.engine.evidence import DEPTH
from spark_lsp.engine.hearing import Hearing, Learned, hear
from spark_lsp.engine.lexer import unify_newlines
from spark_lsp.engine.page import Reader, Source
from spark_lsp.engine.scene import Scene, rarity
from spark_lsp.engine.sources import AFTER, BESIDE, names_of, place_of
from spark_lsp.engine.traits import NOTHING_READ
from spark_lsp.engine.vocabulary import Vocabulary
from spark_lsp.engine.vote import Ballot

__all__ = ["INVOKED", "Engine", "Gate", "Piece"]

INVOKED: Final = Gate(line=0.0, fragment=0.0, worth=0, floor=0.0)
"""For who has asked by a command: the rest of the line, however unlikely."""


class Engine:
    """A model of one repository."""

    def __init__(self, gate: Gate = Gate()) -> None:
        self._gate = gate
        self._vocabulary = Vocabulary()
        self._reader = Reader(self._vocabulary)
        self._traits = NOTHING_READ
        self._learned = Learned()
        self._hearing = Hearing(
            self._learned, "", frozenset(), NOTHING_READ, (), rarity((), NOTHING_READ)
        )

    def learn(self, files: Mapping[str, str | None], *, foreign: bool = False) -> None:
        """Learns texts by workspace-relative POSIX path in place of what was learned of them.

        None forgets. What is `foreign` is not the project's own, and weighs less. What is learned
        counts for every completion that begins after this returns.
        """
        encode, before = self._vocabulary.encode, self._learned
        corpus = before.corpus.learned(
            {
                path: None if text is None else encode(unify_newlines(text))
                for path, text in files.items()
            }
        )
        for path in files:
            for name in names_of(path):
                self._vocabulary.raw(name)  # so that it is known when it stands on a page
        self._traits = self._traits.grown(self._vocabulary)
        hashes = {path: hash(text) for path, text in files.items() if text is not None}
        kept = {path: it for path, it in before.hashes.items() if path not in files}
        strangers = before.foreign - files.keys() | (hashes.keys() if foreign else frozenset())
        self._learned = Learned(corpus, kept | hashes, strangers)

    @property
    def tokens(self) -> int:
        """Tokens learned."""
        return self._learned.corpus.tokens

    @property
    def files(self) -> int:
        """Files learned."""
        return len(self._learned.corpus.homes)

    def complete(
        self,
        path: str,
        prefix: str,
        suffix: str,
        reference: Sequence[tuple[str, str]] = (),
        limit: int = 128,
        *,
        edited: Sequence[str] = (),
        instruction: str = "",
        gate: Gate | None = None,
    ) -> Iterator[Piece]:
        """What comes between `prefix` and `suffix` in the file at `path`, as far as that is sure.

        `reference` holds paths and texts that are known besides, such as other open files; they
        stand for what was learned under these paths. What was learned of `path` itself has no say:
        `prefix` and `suffix` are what it is now. What was `edited` lately, wherever it was, weighs
        as much as the open file. The names and numbers of an `instruction` are likelier than they
        would be without it. At most `limit` pieces come; none where `gate`, by default the
        engine's own, lets none through. Lines end by a line feed, however the file's do.
        """
        scene = self.scene(path, prefix, suffix, reference, edited=edited, instruction=instruction)
        writer = Writer(scene.page, Ballot(scene), self._vocabulary, gate or self._gate)
        return writer.pieces(limit)

    def scene(
        self,
        path: str,
        prefix: str,
        suffix: str,
        reference: Sequence[tuple[str, str]] = (),
        *,
        edited: Sequence[str] = (),
        instruction: str = "",
    ) -> Scene:
        """All that is known around a cursor; see `complete`."""
        learned = self._learned
        # What was learned word for word is looked up faster than it is read.
        fresh = [
            (other, text) for other, text in reference if learned.hashes.get(other) != hash(text)
        ]
        sources = [
            Source(text, AFTER) if other == path else Source(text, *place_of(path, other))
            for other, text in fresh
        ]
        sources += [Source(text, BESIDE) for text in edited]
        page = self._reader.read(prefix, suffix, sources, DEPTH)
        wanted = words_in(instruction)
        for word in wanted:
            # So that it can be written though it was never read.
            self._vocabulary.raw(word)
            self._vocabulary.raw(" " + word)
        traits = self._traits = self._traits.grown(self._vocabulary)
        silent = frozenset({path, *(other for other, _ in fresh)})
        last = self._hearing.grown(traits)
        hearing = self._hearing = hear(learned, path, silent, self._vocabulary, last)
        found = [self._vocabulary.find(word) for word in wanted]
        numbers = traits.word.take([number for number in found if number >= 0])
        return Scene(
            page, traits, self._vocabulary, hearing.voices, hearing.rarity, numbers.astype(np.int32)
        )
