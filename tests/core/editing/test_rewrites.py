"""What rewriting asks a model, and its bounds; conversations are in `test_rewrites_scripts`."""

import pytest

from spark_lsp.core.accounting.journal import Journal
from spark_lsp.core.accounting.ledger import Ledger
from spark_lsp.core.common import Common
from spark_lsp.core.context import Context
from spark_lsp.core.documents import Document, Documents
from spark_lsp.core.editing.notes import Notes
from spark_lsp.core.editing.rewrites import Rewrites
from spark_lsp.core.effects import (
    Effect,
    Open,
    Pack,
    Refusal,
    Refuse,
    Report,
    Revise,
    Revised,
    Steer,
)
from spark_lsp.core.events import (
    Ended,
    Instructed,
    Packed,
    Redirected,
    Turned,
    Warmed,
    Wrote,
)
from spark_lsp.core.policy import Policy
from spark_lsp.core.prompt import Block, Rewrite
from spark_lsp.core.text import Encoding, Position

SOURCE = "".join(f"value_{number} = {number}\n" for number in range(100))
SECRET = "Zr7LmX2q9aK3"


class Desk:
    """Rewrites with some documents open and the backend up."""

    def __init__(self, *sources: str, window: int = 128_000) -> None:
        self.documents = Documents(Encoding.UTF16)
        self.common = Common(self.documents, Context(window, self.documents), Policy())
        self.common.up = True
        self.rewrites = Rewrites(self.common, Notes(Ledger(), Journal()))
        for number, source in enumerate(sources or (SOURCE,)):
            document = self.documents.open(f"file:///{number}.py", f"{number}.py", "", 1, source)
            document.private = ""
            self.common.context.opened(document)

    def document(self, number: int = 0) -> Document:
        document = self.documents.get(f"file:///{number}.py")
        assert document
        return document

    def ask(
        self, request: int, lines: tuple[int, int] | None = None, number: int = 0,
        instruction: str = "Do it.", now: float = 0.0,
    ) -> list[Effect]:  # fmt: skip
        start, end = (Position(line, 0) for line in lines) if lines else (None, None)
        uri = self.document(number).uri
        event = Instructed(request, uri, None, start, end, instruction, grows=True, reports=True)
        self.rewrites.instructed(event, now)
        return self.taken()

    def write(self, text: str, now: float, stream: int = 1) -> list[Effect]:
        self.rewrites.wrote(Wrote(stream, text), now)
        return self.taken()

    def taken(self) -> list[Effect]:
        effects, self.common.effects = self.common.effects, []
        return effects


def rewrite(effects: list[Effect]) -> Rewrite:
    (effect,) = (it for it in effects if isinstance(it, Open))
    assert isinstance(effect.prompt, Rewrite)
    return effect.prompt


def refusal(effects: list[Effect]) -> tuple[Refusal, str]:
    (effect,) = (it for it in effects if isinstance(it, Refuse))
    return effect.refusal, effect.reason


def test_a_model_is_shown_the_region_and_the_text_around_it() -> None:
    asked = rewrite(Desk().ask(1, (40, 42)))

    assert "value_40 = 40\nvalue_41 = 41\n" == asked.region
    assert asked.before.endswith("value_38 = 38\nvalue_39 = 39\n")
    assert asked.after.startswith("value_42 = 42\n")
    assert ("0.py", "Do it.") == (asked.path, asked.instruction)


def test_the_library_is_asked_for_what_the_place_needs() -> None:
    effects = Desk().ask(1, (40, 42))

    assert ["Open", "Pack", "Report"] == sorted(type(effect).__name__ for effect in effects)


def test_it_is_told_how_many_files_are_read() -> None:
    desk = Desk()
    (asked,) = (it for it in desk.ask(1, (40, 42)) if isinstance(it, Pack))
    blocks = tuple(Block("file", path, "x = 1\n", cost=9) for path in ("0.py", "b.py", "c.py"))
    desk.common.context.heard(Packed(asked.number, blocks), up=True)
    desk.common.context.heard(Warmed(blocks), up=True)
    effects = desk.ask(2, (40, 42))

    assert "reading 0.py and 2 files of context" in [
        it.message for it in effects if isinstance(it, Report)
    ]
    assert blocks == rewrite(effects).stable


def test_no_secret_goes_out_by_what_the_person_says() -> None:
    desk = Desk(f'password = "{SECRET}"\nuser = "joe"\n')
    asked = rewrite(desk.ask(1, instruction=f'Use password = "{SECRET}x".'))
    desk.write(f'password = "{"*" * 12}"\n', 0.1)
    said = Redirected(2, desk.document().uri, f'No, password = "{SECRET}y".')
    desk.rewrites.redirected(said, 0.2)
    (steer,) = (it for it in desk.taken() if isinstance(it, Steer))
    assert isinstance(steer.again, Rewrite)

    assert SECRET not in f"{asked}{steer}"
    assert 'password = "************"\nuser = "joe"\n' == steer.again.region


def test_a_secret_stays_where_it_stood_through_a_turn() -> None:
    source = f'password = "{SECRET}"\nuser = "joe"\n'
    desk = Desk(source)
    desk.ask(1)
    desk.write(f'password = "{"*" * 12}"\n', 0.1)
    desk.rewrites.redirected(Redirected(2, desk.document().uri, "Name it name."), 0.2)
    desk.rewrites.turned(Turned(1, "interrupted"), 0.3)
    desk.write(f'password = "{"*" * 12}"\nname = "joe"\n', 0.4)
    desk.taken()
    desk.rewrites.ended(Ended(1), 0.5)
    (revised,) = (it for it in desk.taken() if isinstance(it, Revised))

    assert [("name", 1)] == [(edit.text, edit.start.line) for edit in revised.edits]


def test_a_model_that_does_not_come_to_an_end_is_stopped() -> None:
    desk = Desk()
    desk.ask(1, (0, 10))
    effects: list[Effect] = []
    for step in range(300):
        effects += desk.write("again = again\n" * 10, step / 10)

    assert ["Cancel"] == [it for it in (type(it).__name__ for it in effects) if it == "Cancel"]
    assert Refusal.FAILED == refusal(effects)[0]
    assert "does not come to an end" in refusal(effects)[1]


def test_long_drafts_are_looked_at_less_often_and_in_the_end_in_full() -> None:
    desk = Desk("".join(f"value_{number} = {number}\n" for number in range(3_000)))
    desk.ask(1)
    shown = 0
    for number in range(3_000):
        effects = desk.write(f"value_{number} = {number} + 1\n", number / 1_000)
        shown += any(isinstance(it, Revise) for it in effects)
    desk.rewrites.ended(Ended(1), 3.0)
    (revised,) = (it for it in desk.taken() if isinstance(it, Revised))

    assert 10 <= shown <= 40
    assert revised.edits


def test_reports_come_ten_times_a_second_at_most() -> None:
    desk = Desk()
    effects = desk.ask(1, (0, 100))
    for number in range(100):
        effects += desk.write(f"value_{number} = {number}\n", number / 100)
    messages = [it.message for it in effects if isinstance(it, Report)]

    assert "reading 0.py" == messages[0]
    assert ["writing line 12 of about 100", "writing line 22 of about 100"] == messages[1:3]
    assert 10 == len(messages)


@pytest.mark.parametrize(
    "instruction",
    [
        "Delete it.",
        "please remove these lines",
        "Remove this function, it is dead",
        "drop the imports",
    ],
)
def test_an_empty_answer_deletes_where_that_was_asked_for(instruction: str) -> None:
    desk = Desk()
    desk.ask(1, (0, 2), instruction=instruction)
    desk.rewrites.ended(Ended(1), 1.0)
    (revised,) = (it for it in desk.taken() if isinstance(it, Revised))

    assert [(Position(0, 0), Position(2, 0), "")] == [
        (edit.start, edit.end, edit.text) for edit in revised.edits
    ]


@pytest.mark.parametrize(
    "instruction",
    [
        "Rename it.",
        "Make it faster and remove nothing",
        "Remove the third argument of it and pass the logger by its name to each of the callers",
    ],
)
def test_an_empty_answer_to_anything_else_is_none(instruction: str) -> None:
    desk = Desk()
    desk.ask(1, (0, 2), instruction=instruction)
    desk.rewrites.ended(Ended(1), 1.0)

    assert (Refusal.FAILED, "the model had nothing to say: say it another way") == refusal(
        desk.taken()
    )


def test_a_rewrite_in_another_document_overtakes_the_one_before_too() -> None:
    desk = Desk(SOURCE, SOURCE)
    desk.ask(1, (0, 2), number=0)

    assert (Refusal.CANCELLED, "overtaken by a newer edit") == refusal(
        desk.ask(2, (0, 2), number=1)
    )
    assert not desk.rewrites.redirected(Redirected(3, desk.document(0).uri, "So."), 1.0)


@pytest.mark.parametrize(("window", "least"), [(128_000, 60_000), (32_000, 20_000), (8_000, 5_000)])
def test_what_may_be_rewritten_at_once_depends_on_the_window(window: int, least: int) -> None:
    line = "value = 1\n"
    possible = Desk(line * (least // 10), window=window)
    too_much = Desk(line * (window // 5), window=window)

    assert possible.ask(1)[0] == Open(1, rewrite(Desk(line * (least // 10), window=window).ask(1)))
    assert Refusal.INVALID == refusal(too_much.ask(1))[0]


def test_all_that_is_said_of_one_rewrite_is_bounded() -> None:
    desk = Desk()
    assert Refusal.INVALID == refusal(desk.ask(1, (0, 2), instruction="x" * 8_001))[0]

    desk.ask(2, (0, 2), instruction="x" * 7_000)
    desk.rewrites.redirected(Redirected(3, desk.document().uri, "y" * 1_500), 0.1)
    assert Refusal.INVALID == refusal(desk.taken())[0]


def test_a_draft_that_does_not_fit_any_more_is_not_what_the_model_is_asked_about() -> None:
    desk = Desk("value = 1\n" * 500, window=8_000)
    desk.ask(1)
    desk.write("something = else\n" * 400, 0.1)
    desk.rewrites.redirected(Redirected(2, desk.document().uri, "So."), 0.2)
    (steer,) = (it for it in desk.taken() if isinstance(it, Steer))

    assert isinstance(steer.again, Rewrite)
    assert "value = 1\n" * 500 == steer.again.region


def test_nothing_is_due_for_a_draft_while_the_model_turns() -> None:
    desk = Desk()
    desk.ask(1, (0, 2))
    desk.write("a = 1\n", 0.1)
    desk.write("b = 2\n", 0.1)
    soon = desk.rewrites.deadline()
    desk.rewrites.redirected(Redirected(2, desk.document().uri, "Name it c."), 0.1)
    later = desk.rewrites.deadline()

    assert soon is not None
    assert later is not None
    assert soon < 0.2
    assert later > 1
