"""The law of reuse: accepting the rest of an answer always gives the text it was made for."""

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.completing.reuse import REMEMBERED, Answer, Answers
from spark_lsp.core.documents import Applied
from spark_lsp.core.text import Edit

short = st.text(alphabet="ab", max_size=4)


def apply(string: str, start: int, end: int, new: str) -> tuple[str, Applied]:
    """Edit a string, and say so as the document store does."""
    return string[:start] + new + string[end:], Applied(Edit(start, end, new), string[start:end])


@given(short, short, st.text(alphabet="ab", min_size=1, max_size=6), st.data())
def test_what_is_shown_always_leads_to_the_text_the_answer_was_made_for(
    before: str, after: str, text: str, data: st.DataObject
) -> None:
    target = before + text + after
    string = before + after
    answer: Answer | None = Answer(1, len(before), text, left=99, right=99)
    for _ in range(data.draw(st.integers(0, 6))):
        start = data.draw(st.integers(0, len(string)))
        end = data.draw(st.integers(start, min(len(string), start + 2)))
        string, applied = apply(string, start, end, data.draw(short))
        answer = answer and answer.after(applied)
        if answer and answer.rest:
            shown = string[: answer.cursor] + answer.rest + string[answer.cursor :]

            assert target == shown


def test_typing_along_shortens_what_is_left() -> None:
    _, applied = apply("x = ", 4, 4, "va")
    answer = Answer(1, 4, "value").after(applied)

    assert answer is not None
    assert ("lue", 6) == (answer.rest, answer.cursor)


def test_a_divergence_sleeps_until_it_is_taken_back() -> None:
    string, applied = apply("x = ", 4, 4, "z")
    asleep = Answer(1, 4, "value").after(applied)
    assert asleep is not None
    assert not asleep.agrees

    _, applied = apply(string, 4, 5, "")
    awake = asleep.after(applied)

    assert awake is not None
    assert "value" == awake.rest


def test_deleting_before_the_anchor_makes_the_deleted_text_part_of_the_answer() -> None:
    _, applied = apply("x = ", 2, 4, "")
    answer = Answer(1, 4, "value").after(applied)

    assert answer is not None
    assert ("= value", 2) == (answer.rest, answer.cursor)


def test_an_edit_elsewhere_ends_an_answer() -> None:
    _, applied = apply("x = \ny", 5, 6, "z")

    assert Answer(1, 4, "value", left=4, right=2).after(applied) is None


def test_a_person_may_type_ahead_of_a_stream() -> None:
    _, applied = apply("x = ", 4, 4, "val")
    ahead = Answer(1, 4, "v").after(applied)

    assert ahead is not None
    assert ahead.agrees
    assert not ahead.rest
    assert "ue" == ahead.grown("alue").rest


def test_the_newest_answers_are_remembered() -> None:
    answers = Answers()
    for number in range(REMEMBERED + 5):
        answers.add(Answer(number, 0, "x"))
    found = answers.at(0, lambda _: True)

    assert found is not None
    assert REMEMBERED + 4 == found.id
    assert REMEMBERED == len(answers._answers)


def test_an_answer_moves_with_the_text_around_it_when_other_lines_are_edited() -> None:
    _, above = apply("a\n\nx = \n\ny", 0, 1, "long")
    _, below = apply("long\n\nx = \n\ny", 12, 12, "z")
    answer = Answer(1, 7, "value", left=4, right=0).after(above)

    assert answer is not None
    assert (10, "value") == (answer.cursor, answer.rest)
    assert answer == answer.after(below)


def test_what_is_shown_ends_at_the_next_stop() -> None:
    answer = Answer(1, 0, "a()\nb()\n", stops=(3, 7))
    _, applied = apply("", 0, 0, "a()")
    later = answer.after(applied)

    assert "a()" == answer.rest
    assert later is not None
    assert "\nb()" == later.rest


def test_stops_move_with_an_anchor_that_moves() -> None:
    _, applied = apply("x = ", 2, 4, "")
    answer = Answer(1, 4, "a()\nb()", stops=(3, 7)).after(applied)

    assert answer is not None
    assert ("= a()", (5, 9)) == (answer.rest, answer.stops)


def test_taking_a_divergence_back_wakes_an_answer() -> None:
    answers = Answers()
    answers.add(Answer(1, 4, "value"))
    string, applied = apply("x = ", 4, 4, "z")
    assert not answers.edited(applied)

    _, applied = apply(string, 4, 5, "")

    assert answers.edited(applied)
