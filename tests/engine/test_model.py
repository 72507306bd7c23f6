"""What the engine says and when it keeps silent."""

from dataclasses import replace
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.engine.model import Engine, Gate, Piece
from spark_lsp.engine.sources import ELSEWHERE, FOREIGN

ANY_TEXT = st.text(
    st.characters(categories=None) | st.sampled_from("\r\n\t\f \u2028\ud800a_=.(\"')"), max_size=60
)
UNGATED = Gate(line=0.0, fragment=0.0, further=2.0, floor=0.0, worth=0, lines=1)
"""Shows one line, however unlikely: what the engine would say if it had to."""
BOLD = Gate(line=0.05, fragment=0.3, further=0.05, floor=0.01, worth=0)

LOGGER = (
    "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef run() -> None:\n    pass\n"
)


def completed(
    *,
    learned: dict[str, str] | None = None,
    path: str = "src/open.py",
    text: str,
    reference: list[tuple[str, str]] | None = None,
    gate: Gate = BOLD,
) -> str:
    """What is inserted at `|` in `text` once `learned` is learned."""
    engine = Engine(gate)
    engine.learn(learned or {})
    prefix, _, suffix = text.partition("|")
    return "".join(piece.text for piece in engine.complete(path, prefix, suffix, reference or ()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("import logging\n\nlogger = |", "logging.getLogger(__name__)", id="line"),
        pytest.param("import logging\n\nlogger =|", " logging.getLogger(__name__)", id="space"),
        pytest.param("import logging\n\nlogger = logg|", "ing.getLogger(__name__)", id="mid-word"),
        pytest.param("import logging\n\nlogger = logging|", ".getLogger(__name__)", id="word-end"),
        pytest.param("import logging\n\nlogger = logging.|", "getLogger(__name__)", id="dot"),
        pytest.param("import logging\n\nlogger = xyz|", "", id="nothing fits what is typed"),
        pytest.param("import logging\n\nlogger = logging.get|Level", "", id="inside a word"),
    ],
)
def test_a_line_known_from_the_repository_is_finished(text: str, expected: str) -> None:
    """Whatever of the line is typed already, the rest of it comes, on a word's middle too."""
    learned = {f"src/{name}.py": LOGGER for name in "abc"}
    said = completed(learned=learned, text=text, gate=Gate(lines=1))

    assert said == expected


def test_what_others_wrote_is_said_where_the_repository_says_nothing_else() -> None:
    engine = Engine(Gate(lines=1))
    engine.learn({f"lib/{name}.py": LOGGER for name in "abc"}, foreign=True)
    before = "import logging\n\nlogger = "
    assert "logging.getLogger(__name__)" == _said(engine, before)

    engine.learn({"src/a.py": LOGGER.replace("getLogger(__name__)", "own_logger()")})
    assert "logging.own_logger()" == _said(engine, before)

    engine.learn(dict.fromkeys(["lib/a.py", "lib/b.py", "lib/c.py"]), foreign=True)
    assert 1 == engine.files


def _said(engine: Engine, before: str) -> str:
    pieces = engine.complete("src/open.py", before, "", gate=UNGATED)
    return "".join(piece.text for piece in pieces).split("\n")[0]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_end_by_a_line_feed_however_the_file_ends_its_own(newline: str) -> None:
    """Whoever shows a completion knows how the file ends its lines."""
    block = "with open(path) as file:\n    text = file.read()\n    close(file)\n"
    learned = {f"{name}.py": block for name in "abcd"}
    said = completed(learned=learned, text=f"a = 1{newline}with open(path)|")

    assert "as file:\n    text = file.read()\n    close(file)" in said
    assert "\r" not in said


def test_crlf_repositories_teach_like_others() -> None:
    """A file is learned alike whatever ends its lines."""
    learned = {f"src/{name}.py": LOGGER.replace("\n", "\r\n") for name in "abc"}
    said = completed(learned=learned, text="import logging\n\nlogger =|", gate=Gate(lines=1))

    assert said == " logging.getLogger(__name__)"


def test_the_learned_copy_of_the_open_file_has_no_say() -> None:
    """The buffer is the only truth about an open file; its copy on disk may be long outdated."""
    secret = "password = fetch(unique_secret_name)\n"
    learned = {"src/open.py": secret * 5, "src/other.py": LOGGER}
    for typed in ("password =", "password = fetch(", "password = fetch(uni", "\n"):
        assert "secret" not in completed(learned=learned, text=typed + "|", gate=UNGATED)


def test_the_learned_copy_has_no_say_after_it_was_learned_again() -> None:
    """Nor has an older copy in an older segment."""
    engine = Engine(UNGATED)
    engine.learn({"a.py": "password = unique_secret\n" * 9, "b.py": LOGGER * 9})
    engine.learn({"a.py": "password = other_secret\n"})
    said = "".join(piece.text for piece in engine.complete("a.py", "password = ", ""))

    assert "secret" not in said


@pytest.mark.parametrize("path", ["src/open.py", "src/other.py"])
def test_a_reference_has_a_say(path: str) -> None:
    """An older snapshot of the open file and another buffer are known text."""
    reference = [(path, "password = fetch(unique_name)\n" * 3)]

    assert completed(text="password =|", reference=reference) == " fetch(unique_name)"


def test_the_text_after_the_cursor_is_known() -> None:
    """A name that is used further down is completed."""
    text = "total = compute_|\n\nprint(total)\nother = compute_average(rows)\n"

    assert completed(text=text).startswith("average(rows)")


def test_silence_where_nothing_is_known() -> None:
    """An engine that has learned nothing and sees nothing says nothing."""
    for text in ("|", "x|", "completely = new_text + |"):
        assert not completed(text=text, gate=Gate())


def test_an_unsure_engine_is_silent_where_a_bold_one_speaks() -> None:
    """The gate decides, not the model."""
    learned = {"a.py": "x = first\n", "b.py": "x = second\n", "c.py": "x = third\n"}

    assert not completed(learned=learned, text="x =|", gate=Gate())
    assert completed(learned=learned, text="x =|", gate=UNGATED)


def test_probabilities_fall_from_piece_to_piece() -> None:
    """Each is that of everything so far, so none can exceed the one before it."""
    engine = Engine(UNGATED)
    engine.learn({f"{name}.py": LOGGER for name in "abc"})
    pieces = list(engine.complete("x.py", "import logging\n\nlogger", ""))
    chances = [piece.probability for piece in pieces]

    assert len(pieces) > 3
    assert chances == sorted(chances, reverse=True)
    assert all(0 < chance <= 1 for chance in chances)
    assert all(piece.text for piece in pieces)


@pytest.mark.parametrize("limit", [-1, 0, 1, 3])
def test_no_more_pieces_come_than_asked_for(limit: int) -> None:
    """The limit counts pieces."""
    engine = Engine(BOLD)
    engine.learn({f"{name}.py": LOGGER for name in "abc"})
    pieces = list(engine.complete("x.py", "import logging\n\nlogger", "", limit=limit))

    assert len(pieces) == max(limit, 0)


def test_files_are_learned_forgotten_and_learned_again() -> None:
    """What counts is the last that was learned of each path."""
    engine = Engine(Gate(lines=1))

    def said() -> str:
        return "".join(piece.text for piece in engine.complete("x.py", "colour = ", ""))

    engine.learn({f"{name}.py": "colour = red\n" * 3 for name in "abc"})
    assert (engine.files, said()) == (3, "red")

    engine.learn({f"{name}.py": "colour = blue\n" * 3 for name in "abc"})
    assert (engine.files, said()) == (3, "blue")

    engine.learn(dict.fromkeys(["a.py", "b.py", "c.py", "unheard-of.py"]))
    assert (engine.files, engine.tokens, said()) == (0, 0, "")

    engine.learn({"a.py": "colour = red\n" * 3})
    assert (engine.files, said()) == (1, "red")


def test_the_same_lessons_give_the_same_answers() -> None:
    """Two engines agree to the last bit, and so does one engine with itself."""

    def pieces(engine: Engine) -> list[Piece]:
        return list(engine.complete("x.py", "import logging\n\nlog", "\n\nlogging.info()"))

    engines = []
    for _ in range(2):
        engine = Engine(UNGATED)
        engine.learn({f"{name}.py": LOGGER + f"x = {name}\n" for name in "abcdef"})
        engine.learn({"c.py": LOGGER * 2})
        engines.append(engine)

    assert pieces(engines[0]) == pieces(engines[1]) == pieces(engines[0]) != []


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_no_text_whatever_makes_it_raise(
    learned: str, prefix: str, suffix: str, reference: str
) -> None:
    """Everything is text to it."""
    engine = Engine(Gate(line=0, fragment=0, further=0, floor=0, worth=0))
    engine.learn({"a": learned, "b": learned + prefix, "c": prefix + suffix + prefix})

    for piece in engine.complete("d", prefix, suffix, [("d", reference), ("e", learned)]):
        assert piece.text
        assert 0 <= piece.probability <= 1


def test_enormous_texts_are_read_in_part() -> None:
    """One line of five million characters is no reason to stall or to raise."""
    line = "word " * 1_000_000
    engine = Engine(UNGATED)

    assert list(engine.complete("x.py", line, line, [("y.py", line)], limit=4))


def test_learning_goes_on_while_completions_are_made() -> None:
    """A completion sees one state of the corpus, from before or after a lesson."""
    engine = Engine(replace(BOLD, lines=1))
    engine.learn({f"{name}.py": LOGGER for name in "abc"})

    def teach() -> None:
        for round_ in range(40):
            engine.learn({f"new{round_ % 7}.py": LOGGER + f"name{round_} = {round_}\n"})

    thread = Thread(target=teach)
    thread.start()
    said = {
        "".join(piece.text for piece in engine.complete("x.py", "import logging\n\nlogger =", ""))
        for _ in range(60)
    }
    thread.join()

    assert said == {" logging.getLogger(__name__)"}


def test_what_was_edited_lately_has_a_say() -> None:
    """As much as the open file, wherever it was."""
    engine = Engine(UNGATED)
    engine.learn({f"{name}.py": "total = old_sum(rows)\n" * 2 for name in "abc"})

    def said(*edited: str) -> str:
        pieces = engine.complete("x.py", "total = ", "", edited=edited)
        return "".join(piece.text for piece in pieces)

    assert said() == "old_sum(rows)"
    assert said("total = new_sum(rows)\n" * 2) == "new_sum(rows)"


def test_what_is_foreign_weighs_less_than_the_projects_own() -> None:
    """It is a prior: heard where nothing else speaks."""
    engine = Engine(UNGATED)
    engine.learn({"lib/a.py": "colour = red\n"})
    engine.learn({"site/b.py": "colour = blue\nshape = round\n"}, foreign=True)

    def said(prefix: str) -> str:
        return "".join(piece.text for piece in engine.complete("x.py", prefix, ""))

    assert said("colour =") == " red"
    assert said("shape =") == " round"


def test_a_foreign_file_that_becomes_the_projects_own_counts_as_such() -> None:
    """What counts is how it was learned last."""
    engine = Engine(UNGATED)

    def places() -> list[int]:
        voices = engine.scene("x.py", "", "").voices
        return [int(place) for voice in voices for place in voice.sources]

    engine.learn({"lib/a.py": "colour = blue\n"}, foreign=True)
    assert places() == [FOREIGN]

    engine.learn({"lib/a.py": "colour = blue\n"})
    assert places() == [ELSEWHERE]


def written(instruction: str) -> str:
    """What an engine writes behind `colour = ` that knows three colours, when told something."""
    engine = Engine(UNGATED)
    engine.learn(
        {f"{name}.py": f"colour = {name}\n" * 3 for name in ("red", "green", "blue", "red2")}
    )
    pieces = engine.complete("x.py", "colour =", "", instruction=instruction)
    return "".join(piece.text for piece in pieces)


@pytest.mark.parametrize("name", ["red", "green", "blue"])
def test_what_is_named_is_written(name: str) -> None:
    """Among what may stand there, that comes which the person has named."""
    assert written(f"I want {name} here") == f" {name}"


def test_a_name_that_was_never_read_can_be_written() -> None:
    """It is known from the instruction alone."""
    assert written("violet") == " violet"


def test_no_word_of_an_instruction_is_written_where_it_cannot_stand() -> None:
    """It raises what is likely, and writes nothing by itself."""
    engine = Engine(UNGATED)
    engine.learn({f"{name}.py": "value = compute(rows)\n" * 3 for name in "abc"})
    pieces = engine.complete("x.py", "value = compute(rows", "", instruction="violet")

    assert "".join(piece.text for piece in pieces) == ")"
