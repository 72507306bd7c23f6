"""What was learned is weighed once for an open file, and again when something has changed."""

import numpy as np

from spark_lsp.engine.corpus import Corpus
from spark_lsp.engine.hearing import Hearing, Learned, hear
from spark_lsp.engine.sources import BESIDE, FOREIGN
from spark_lsp.engine.traits import NOTHING_READ
from spark_lsp.engine.vocabulary import Vocabulary


def learned(vocabulary: Vocabulary, *paths: str, foreign: frozenset[str] = frozenset()) -> Learned:
    """Files that all hold the same."""
    ids = {path: vocabulary.encode("a = b\n") for path in paths}
    return Learned(Corpus().learned(ids), dict.fromkeys(paths, 0), foreign)


def begun(vocabulary: Vocabulary) -> Hearing:
    """What is said before anything was learned, with the traits as they are."""
    nothing = np.zeros(NOTHING_READ.size, np.float32)
    first = Hearing(Learned(), "", frozenset(), NOTHING_READ, (), nothing)
    return first.grown(NOTHING_READ.grown(vocabulary))


def test_it_serves_until_another_file_is_open_or_something_is_learned() -> None:
    """A key costs nothing."""
    vocabulary = Vocabulary()
    it = learned(vocabulary, "src/a.py", "src/b.py")
    first = hear(it, "src/a.py", frozenset({"src/a.py"}), vocabulary, begun(vocabulary))

    assert hear(it, "src/a.py", frozenset({"src/a.py"}), vocabulary, first) is first
    other = hear(it, "src/b.py", frozenset({"src/b.py"}), vocabulary, first)
    assert other is not first
    assert other.rarity is first.rarity, "which does not depend on the file"
    assert other.voices[0].names is first.voices[0].names, "nor do these"
    again = learned(vocabulary, "src/a.py")
    assert hear(again, "src/b.py", frozenset({"src/b.py"}), vocabulary, other).learned is again


def test_the_open_file_and_those_that_are_known_better_are_silent() -> None:
    """Buffers are the truth about what they hold."""
    vocabulary = Vocabulary()
    it = learned(vocabulary, "src/a.py", "src/b.py", "src/c.py")
    silent = frozenset({"src/a.py", "src/b.py"})
    [voice] = hear(it, "src/a.py", silent, vocabulary, begun(vocabulary)).voices

    assert [float(weight) > 0 for weight in voice.weights] == [False, False, True]


def test_foreign_files_of_another_language_are_silent() -> None:
    """A prior is of use where it speaks the same."""
    vocabulary = Vocabulary()
    foreign = frozenset({"site/x.py", "site/x.js"})
    it = learned(vocabulary, "src/b.py", *sorted(foreign), foreign=foreign)
    [voice] = hear(it, "src/a.py", frozenset(), vocabulary, begun(vocabulary)).voices
    places = dict(zip(voice.segment.paths, voice.sources.tolist(), strict=True))
    weights = dict(zip(voice.segment.paths, voice.weights.tolist(), strict=True))

    assert (places["src/b.py"], places["site/x.py"]) == (BESIDE, FOREIGN)
    assert weights["src/b.py"] > weights["site/x.py"] > weights["site/x.js"] == 0


def test_words_that_were_read_since_are_as_rare_as_any() -> None:
    """They stand in no learned file."""
    vocabulary = Vocabulary()
    it = learned(vocabulary, *(f"{number}.py" for number in range(200)))
    before = hear(it, "a.py", frozenset(), vocabulary, begun(vocabulary))
    vocabulary.raw("fresh")
    after = before.grown(before.traits.grown(vocabulary))

    assert after.rarity.size == after.traits.size
    assert after.rarity[vocabulary.find("fresh")] == before.rarity.max()
    assert after.grown(after.traits) is after
