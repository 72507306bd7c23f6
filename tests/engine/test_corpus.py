"""A corpus holds the newest tokens of each file, in few segments."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.engine.corpus import Corpus
from spark_lsp.engine.vocabulary import Ids

STEPS = st.lists(
    st.dictionaries(
        st.sampled_from("abcdef"), st.none() | st.lists(st.integers(1, 9), max_size=40), max_size=3
    ),
    max_size=12,
)


def contents(corpus: Corpus) -> dict[str, list[int]]:
    """The current tokens of each file."""
    return {path: home.file(home.paths.index(path)).tolist() for path, home in corpus.homes.items()}


@given(STEPS)
def test_learning_step_by_step_leaves_the_newest_of_each_file(
    steps: list[dict[str, list[int] | None]],
) -> None:
    """Whatever was merged on the way, the corpus holds what a dictionary would hold."""
    corpus = Corpus()
    expected: dict[str, list[int]] = {}
    for step in steps:
        update: dict[str, Ids | None] = {
            path: None if ids is None else np.array(ids, np.int32) for path, ids in step.items()
        }
        before, held = corpus, contents(corpus)
        corpus = corpus.learned(update)
        expected |= {path: ids for path, ids in step.items() if ids is not None}
        for path, ids in step.items():
            if ids is None:
                expected.pop(path, None)

        assert contents(corpus) == expected
        assert corpus.tokens == sum(map(len, expected.values()))
        assert contents(before) == held


def test_one_changed_file_does_not_rebuild_a_large_corpus() -> None:
    """The large segment is shared, and many small changes do not pile up."""
    large: dict[str, Ids | None] = {
        f"{number}.py": np.full(500, number + 1, np.int32) for number in range(100)
    }
    corpus = Corpus().learned(large)
    base = corpus.segments[0]
    for number in range(50):
        corpus = corpus.learned({f"{number % 5}.py": np.full(500, 7, np.int32)})

        assert corpus.segments[0] is base
        assert len(corpus.segments) <= 4


def test_a_corpus_that_forgets_most_lets_go_of_the_memory() -> None:
    """A segment of mostly forgotten files is rebuilt."""
    files: dict[str, Ids | None] = {
        f"{number}.py": np.full(100, 5, np.int32) for number in range(10)
    }
    corpus = Corpus().learned(files).learned(dict.fromkeys([f"{n}.py" for n in range(8)]))

    assert corpus.tokens == 200
    assert sum(segment.tokens for segment in corpus.segments) == 200
