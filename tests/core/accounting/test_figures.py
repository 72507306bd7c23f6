"""What counts add up to."""

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.accounting.figures import Figures, Group
from spark_lsp.core.effects import Count

COUNTS = [
    Count("completion", "shown", "python", 20, 2, 1.5, first=0.1, source="model"),
    Count("completion", "accepted", "python", 5, 1, 1.5, reason="word", source="model"),
    Count("completion", "more", "python", 5, 1, 2.0, reason="word", source="model"),
    Count("completion", "more", "python", 10, 1, 3.0, reason="all", source="model"),
    Count("completion", "shown", "go", 8, 1, 4.0, first=0.3, source="cache"),
    Count("completion", "accepted", "go", 8, 1, 4.0, reason="all", source="cache"),
    Count("completion", "glimpsed", "go", 8, 1, 0.2, first=0.2, source="model"),
    Count("next", "shown", "python", 3, 1, 2.0, first=0.4, source="model"),
    Count("next", "rejected", "python", 3, 1, 2.0, reason="sent away", source="model"),
    Count("completion", "shown", "", 3, 1, 9.0, source="model"),
    Count("completion", "typed", "", 3, 1, 9.0, source="model"),
    Count("completion", "kept", "python", 20, 2, 30.0, share=0.5),
    Count("completion", "kept", "go", 80, 1, 30.0, share=1.0),
    Count("completion", "kept", "go", 80, 1, 120.0, share=0.25),
]


def test_answers_are_counted_once_and_acceptances_each() -> None:
    figures = Figures.of(COUNTS)

    assert Group(shown=4, accepted=2, characters=28, acceptances=4) == figures.total
    assert (0.5, 24) == (figures.total.rate, figures.total.saved)
    assert (1, 1, 1) == (figures.glimpsed, figures.typed, figures.whole)
    assert {"sent away": 1} == figures.rejected
    assert {"word": 2} == figures.partial


def test_times_are_those_of_answers() -> None:
    figures = Figures.of(COUNTS)

    assert [0.1, 0.3, 0.2, 0.4] == figures.first
    assert ([1.5, 4.0], [2.0]) == (figures.accepted_after, figures.rejected_after)


def test_what_is_left_is_weighed_by_characters() -> None:
    kept = Figures.of(COUNTS).kept

    assert {30.0: 0.9, 120.0: 0.25} == {after: it.share for after, it in kept.items()}
    assert (2, 100) == (kept[30.0].texts, kept[30.0].characters)


def test_groups_are_counted_like_the_whole() -> None:
    figures = Figures.of(COUNTS)

    assert {"python": 2, "go": 1, "": 1} == {it: g.shown for it, g in figures.languages.items()}
    assert {"completion": 3, "next": 1} == {it: g.shown for it, g in figures.kinds.items()}
    assert {"model": 1, "cache": 1} == {it: g.accepted for it, g in figures.sources.items()}
    assert 0.0 == figures.kinds["next"].rate


def test_of_nothing_there_is_no_rate() -> None:
    assert (None, 0) == (Figures().total.rate, Figures().total.saved)
    assert None is Figures.of([Count("completion", "kept", seconds=30.0)]).kept[30.0].share


@given(st.permutations(COUNTS))
def test_the_order_does_not_matter(counts: list[Count]) -> None:
    there, here = Figures.of(COUNTS), Figures.of(counts)
    for figures in (there, here):
        for times in (figures.first, figures.accepted_after, figures.rejected_after):
            times.sort()

    assert there == here
