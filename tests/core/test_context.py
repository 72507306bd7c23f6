"""What stays the same in prompts from key to key, and what is asked for when."""

from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from spark_lsp.core.context import Context
from spark_lsp.core.documents import Change, Document, Documents
from spark_lsp.core.effects import Effect, Pack, Recall, Warm
from spark_lsp.core.events import Outdated, Packed, Recalled, Settled, Warmed
from spark_lsp.core.prompt import Block, Prompt, Share
from spark_lsp.core.text import Encoding, Position

WINDOW = 128_000
LINES = "".join(f"value_{number} = {number}\n" for number in range(400))
FILES = ("a.py", "b.py", "sub/c.py")
HEAD = (
    Block("file", "a.py", LINES, "", 0, 400),
    Block("file", "lib.py", "x = 1\n" * 90, "", 0, 90),
)


class Desk:
    """Open documents, their context, and the answers that a test gives."""

    def __init__(self, *paths: str) -> None:
        self.documents = Documents(Encoding.UTF32)
        self.context = Context(WINDOW, self.documents)
        for path in paths or ("a.py",):
            self.open(path)

    def open(self, path: str, private: str = "") -> Document:
        document = self.documents.open(f"file:///{path}", path, "python", 1, LINES)
        document.private = private
        self.context.opened(document)
        return document

    def document(self, path: str = "a.py") -> Document:
        document = self.documents.get(f"file:///{path}")
        assert document
        return document

    def key(
        self, text: str, line: int = 10, path: str = "a.py"
    ) -> tuple[Prompt, Pack | Recall | Warm | None]:
        """Type at the end of a line; returns the prompt and what is asked for with it."""
        document = self.document(path)
        place = document.text.position(document.text.line_end(line), Encoding.UTF32)
        for applied in self.documents.change(document.uri, 2, [Change(place, place, text)]):
            self.context.edited(document.uri, applied)
        offset = document.text.line_end(line + text.count("\n"))
        prompt = self.context.prompt(document, offset)
        return prompt, self.context.wish(document, offset)

    def packed(self, *blocks: Block, homes: frozenset[str] = frozenset()) -> None:
        """Answer the question that a stable part be packed, and warm it."""
        _, asked = self.key("")
        assert isinstance(asked, Pack)
        answer = Packed(asked.number, blocks or HEAD, homes)
        assert [Warm(answer.blocks or ())] == self.context.heard(answer, up=True)
        self.context.heard(Warmed(answer.blocks or ()), up=True)


def test_the_first_key_asks_for_a_stable_part_and_does_not_wait_for_it() -> None:
    desk = Desk()
    prompt, asked = desk.key("x")

    assert () == prompt.stable
    assert isinstance(asked, Pack)
    assert (asked.path, asked.text, asked.window) == ("a.py", desk.document().text.string, WINDOW)
    assert desk.key("y") == (desk.context.prompt(desk.document(), asked.offset + 1), None)


def test_a_stable_part_is_used_from_when_it_is_warm() -> None:
    desk = Desk()
    _, asked = desk.key("x")
    assert isinstance(asked, Pack)

    assert [Warm(HEAD)] == desk.context.heard(Packed(asked.number, HEAD), up=True)
    assert () == desk.key("y")[0].stable
    desk.context.heard(Warmed(HEAD), up=True)
    assert HEAD == desk.key("z")[0].stable


def test_typing_in_one_file_leaves_the_stable_part_alone() -> None:
    desk = Desk()
    desk.packed()
    before, questions = desk.key("")[0], []
    for _ in range(500):
        prompt, asked = desk.key("x")
        assert prompt.stable is before.stable
        questions.append(asked)

    assert not any(isinstance(asked, Pack) for asked in questions)


def test_what_a_new_place_needs_is_asked_for_and_added_at_the_end() -> None:
    desk = Desk()
    desk.packed()
    _, asked = desk.key("x", line=300)
    assert isinstance(asked, Recall)
    chunk = Block("chunk", "far.py", "def far(): ...", "", 3, 9)

    assert [Warm((*HEAD, chunk))] == desk.context.heard(Recalled(asked.number, (chunk,)), up=True)
    prompt, asked = desk.key("y", line=300)
    assert (*HEAD, chunk) == prompt.stable
    assert asked is None


def test_a_question_says_what_is_shown_already_and_what_room_is_left() -> None:
    desk = Desk()
    desk.packed()
    _, asked = desk.key("x", line=300)
    assert isinstance(asked, Recall)

    assert [("a.py", 0, 400), ("lib.py", 0, 90)] == [
        (it.path, it.start_line, it.end_line) for it in asked.held
    ]
    assert Share.of(WINDOW).growth == asked.room


def test_an_edit_is_told_when_the_cursor_has_left_it() -> None:
    desk = Desk()
    desk.packed()
    assert desk.key("  # note", line=3)[1] is None
    _, asked = desk.key("x", line=350)
    assert isinstance(asked, Recall)

    assert [("a.py", 3, "value_3 = 3", "value_3 = 3  # note")] == [
        (it.path, it.line, it.before, it.after) for it in asked.changes
    ]


def test_long_typing_pays_for_a_question() -> None:
    desk = Desk()
    desk.packed()
    line, questions = 10, []
    for _ in range(60):
        questions.append(desk.key("value = 12\n", line)[1])
        line += 1

    asked = [question for question in questions if question]
    assert 3 <= len(asked) <= 6 or len(asked) == 1, "not answered, so that there is only one"
    assert all(isinstance(question, Recall) for question in asked)


def test_an_epoch_without_room_sheds_the_older_half_of_what_it_has_grown_by() -> None:
    desk = Desk()
    desk.packed()
    room = Share.of(WINDOW).growth
    chunks = [Block("chunk", f"f{at}.py", "x", "", 3, 90, 1, room // 4) for at in range(4)]
    for at, chunk in enumerate(chunks[:3]):
        _, asked = desk.key("x", line=60 + 80 * (at % 2))
        assert isinstance(asked, Recall)
        desk.context.heard(Recalled(asked.number, (chunk,)), up=True)
    _, asked = desk.key("x", line=300)
    assert isinstance(asked, Recall)
    desk.context.heard(Recalled(asked.number, (chunks[3],)), up=True)

    prompt, asked = desk.key("y", line=10)
    assert (*HEAD, *chunks) == prompt.stable
    assert Warm((*HEAD, *chunks[2:])) == asked
    desk.context.heard(Warmed((*HEAD, *chunks[2:])), up=True)
    prompt, asked = desk.key("y", line=10)
    assert (*HEAD, *chunks[2:]) == prompt.stable
    assert isinstance(asked, Recall)
    assert room // 2 == asked.room


def test_another_file_in_the_stable_part_needs_no_other_one() -> None:
    desk = Desk("a.py", "b.py")
    desk.packed(*HEAD, Block("file", "b.py", LINES, "", 0, 400))

    assert isinstance(desk.key("x", path="b.py")[1], Recall)


def test_a_file_that_is_not_in_it_has_it_packed_anew_with_the_last_one_remembered() -> None:
    desk = Desk("a.py", "b.py")
    desk.packed()
    prompt, asked = desk.key("x", path="b.py")

    assert HEAD == prompt.stable
    assert isinstance(asked, Pack)
    assert ("b.py", ("a.py",)) == (asked.path, asked.recent)


def test_a_file_with_other_instructions_has_it_packed_anew() -> None:
    desk = Desk("a.py", "sub/c.py")
    desk.packed(*HEAD, Block("file", "sub/c.py", LINES), homes=frozenset({"sub"}))

    assert isinstance(desk.key("x", path="sub/c.py")[1], Pack)


def test_files_that_have_changed_on_disk_end_an_epoch_when_they_are_many() -> None:
    desk = Desk()
    files = [Block("file", f"f{number}.py", "x") for number in range(9)]
    desk.packed(*HEAD, *files)
    desk.context.heard(Outdated(("f1.py", "f2.py", "elsewhere.py")), up=True)
    assert desk.key("x")[1] is None

    desk.context.heard(Outdated(("f3.py", "f4.py")), up=True)
    assert isinstance(desk.key("x")[1], Pack)


def test_instructions_that_have_changed_end_an_epoch() -> None:
    desk = Desk()
    desk.packed()
    (asked,) = desk.context.heard(Outdated(("sub/AGENTS.md",)), up=True)

    assert isinstance(asked, Pack)


def test_a_file_that_may_not_be_shown_any_more_is_shown_no_more() -> None:
    desk = Desk()
    desk.packed()
    (asked,) = desk.context.heard(Outdated(("lib.py",), ("lib.py",)), up=True)

    assert isinstance(asked, Pack)
    assert () == desk.key("x")[0].stable


def test_when_the_workspace_is_known_the_context_is_packed_without_a_key() -> None:
    desk = Desk()
    desk.packed()

    (asked,) = desk.context.heard(Settled(), up=True)
    assert isinstance(asked, Pack)


def test_a_private_document_asks_for_nothing_and_none_of_its_edits_is_told() -> None:
    desk = Desk("a.py", "b.py")
    desk.document("b.py").private = "ignored by git or .sparkignore"
    assert desk.key("secret", path="b.py")[1] is None
    desk.packed()
    desk.key("secret", path="b.py")
    _, asked = desk.key("x", line=300)

    assert isinstance(asked, Recall)
    assert [] == [change for change in asked.changes if change.path != "a.py"]


def test_on_a_new_connection_prompts_are_small_until_it_has_been_prepared() -> None:
    desk = Desk()
    desk.packed()
    desk.context.disconnected()
    assert () == desk.key("x")[0].stable

    assert [Warm(HEAD)] == desk.context.connected()
    desk.context.heard(Warmed(HEAD), up=True)
    assert HEAD == desk.key("y")[0].stable


def test_a_stable_part_that_cannot_be_packed_is_asked_for_again() -> None:
    desk = Desk()
    _, asked = desk.key("x")
    assert isinstance(asked, Pack)
    desk.context.heard(Packed(asked.number, None), up=True)

    assert isinstance(desk.key("y")[1], Pack)


def test_what_has_grown_while_it_was_prepared_is_used_and_prepared_as_well() -> None:
    desk = Desk()
    desk.packed()
    _, asked = desk.key("x", line=300)
    assert isinstance(asked, Recall)
    desk.context.disconnected()
    assert [Warm(HEAD)] == desk.context.connected()
    chunk = Block("chunk", "far.py", "def far(): ...", "", 3, 9)
    assert [] == desk.context.heard(Recalled(asked.number, (chunk,)), up=True)

    assert [Warm((*HEAD, chunk))] == desk.context.heard(Warmed(HEAD), up=True)
    assert (*HEAD, chunk) == desk.key("y", line=300)[0].stable


def test_if_what_was_to_come_must_not_be_shown_what_is_there_is_prepared_instead() -> None:
    desk = Desk("a.py", "b.py")
    desk.packed()
    _, asked = desk.key("x", path="b.py")
    assert isinstance(asked, Pack)
    coming = (*HEAD, Block("file", "c.py", "c"))
    desk.context.heard(Packed(asked.number, coming), up=True)
    desk.context.disconnected()
    assert [Warm(coming)] == desk.context.connected()

    assert [Warm(HEAD)] == desk.context.expel(("c.py",))
    desk.context.heard(Warmed(coming), up=True)
    assert () == desk.key("x")[0].stable
    desk.context.heard(Warmed(HEAD), up=True)
    assert HEAD == desk.key("x")[0].stable


def test_what_becomes_private_while_a_question_is_open_is_not_in_the_answer() -> None:
    desk = Desk("a.py", "b.py")
    _, asked = desk.key("x")
    assert isinstance(asked, Pack)
    desk.document("b.py").private = "ignored by git or .sparkignore"
    assert [] == desk.context.expel(("b.py",))
    answer = Packed(asked.number, (*HEAD, Block("file", "b.py", "secret")))
    assert [] == desk.context.heard(answer, up=True)

    desk.packed()
    _, asked = desk.key("x", line=300)
    assert isinstance(asked, Recall)
    desk.context.expel(("c.py",))
    near, far = Block("chunk", "lib.py", "x = 1"), Block("edit", "c.py", "secret")
    desk.context.heard(Recalled(asked.number, (near, far)), up=True)
    assert (*HEAD, near) == desk.key("y", line=300)[0].stable


def test_an_open_file_that_is_saved_makes_nothing_stale() -> None:
    desk = Desk()
    desk.packed(HEAD[0])
    desk.context.heard(Outdated(("a.py",)), up=True)

    assert desk.key("x")[1] is None


def test_a_context_of_another_size_takes_no_answer_that_was_meant_for_the_last() -> None:
    desk = Desk()
    _, asked = desk.key("x")
    assert isinstance(asked, Pack)
    assert desk.context.resized(WINDOW) is desk.context
    desk.context = desk.context.resized(8_000)
    _, again = desk.key("y")
    assert isinstance(again, Pack)

    assert [] == desk.context.heard(Packed(asked.number, HEAD), up=True)
    assert [Warm(HEAD)] == desk.context.heard(Packed(again.number, HEAD), up=True)


def test_a_context_of_another_size_is_packed_where_the_person_is_without_waiting_for_a_key() -> (
    None
):
    desk = Desk()
    desk.key("x")
    (asked,) = desk.context.resized(8_000).again()

    assert isinstance(asked, Pack)
    assert (asked.path, asked.window) == ("a.py", 8_000)


def test_an_edit_is_told_though_a_stable_part_was_to_show_it_that_has_failed() -> None:
    desk = Desk("a.py", "b.py")
    desk.packed()
    room = Share.of(WINDOW).growth
    _, asked = desk.key("x", line=300)
    assert isinstance(asked, Recall)
    desk.context.heard(
        Recalled(asked.number, (Block("chunk", "f.py", "x", cost=room - 10),)), up=True
    )
    assert desk.key("  # note", line=300)[1] is None
    _, asked = desk.key("x", path="b.py")
    assert isinstance(asked, Pack)
    desk.context.heard(Packed(asked.number, None), up=True)
    assert Warm(HEAD) == desk.key("", line=300)[1]
    desk.context.heard(Warmed(HEAD), up=True)
    _, asked = desk.key("x", line=10)

    assert isinstance(asked, Recall)
    changes = [(it.before, it.after) for it in asked.changes]
    assert ("value_300 = 300", "value_300 = 300x  # note") in changes


def test_a_long_path_takes_the_room_of_the_text_beside_it() -> None:
    path = "deep/" * 200 + "a.py"
    desk = Desk("a.py", path)
    short, long = desk.key("x", line=200)[0], desk.key("x", line=200, path=path)[0]

    spared = len(short.prefix + short.suffix) - len(long.prefix + long.suffix)
    assert spared > 0
    assert len(long.prefix + long.suffix + path) <= Share.of(WINDOW).tail + 64


class ContextMachine(RuleBasedStateMachine):
    """A person, a librarian and a connection that do anything at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(*FILES)
        self.up = True
        self.asked: Pack | Recall | None = None
        self.warming: list[tuple[Block, ...]] = []
        self.warm: set[tuple[Block, ...]] = set()
        self.last: tuple[Block, ...] = ()
        self.blocks = 0

    def obey(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Warm):
                self.warming.append(effect.stable)
            else:
                assert isinstance(effect, Pack | Recall)
                self.ask(effect)

    def ask(self, question: Pack | Recall | Warm) -> None:
        if isinstance(question, Warm):
            self.warming.append(question.stable)
            return
        assert self.asked is None, "one question at a time"
        self.asked = question

    @initialize()
    def begin(self) -> None:
        self.key("x", 3, "a.py")

    @rule(
        text=st.sampled_from(["x", "\n", "value = 1\n", "y" * 300]),
        line=st.integers(0, 390),
        path=st.sampled_from(FILES),
    )
    def key(self, text: str, line: int, path: str) -> None:
        prompt, wish = self.desk.key(text, line, path)
        if wish:
            self.ask(wish)
        share = Share.of(WINDOW)
        stable = prompt.stable
        assert not stable or any(stable[: len(warm)] == warm for warm in self.warm)
        assert sum(block.cost for block in prompt.stable) <= share.head + share.growth
        self.last = prompt.stable

    @precondition(lambda self: isinstance(self.asked, Pack))
    @rule(files=st.lists(st.sampled_from(FILES), unique=True), fails=st.booleans())
    def pack(self, files: list[str], fails: bool) -> None:
        asked, self.asked = self.asked, None
        assert asked
        self.blocks += 1
        blocks = tuple(
            Block("file", path, f"{self.blocks}\n" * 900, cost=Share.of(WINDOW).head // 3)
            for path in files or ["lib.py"]
        )
        answer = Packed(asked.number, None if fails else blocks)
        self.obey(self.desk.context.heard(answer, up=self.up))

    @precondition(lambda self: isinstance(self.asked, Recall))
    @rule(size=st.sampled_from([0, 300, 3000]))
    def recall(self, size: int) -> None:
        asked, self.asked = self.asked, None
        assert isinstance(asked, Recall)
        self.blocks += 1
        chunk = (
            (Block("chunk", "far.py", f"{self.blocks}", cost=size),)
            if 0 < size <= asked.room
            else ()
        )
        self.obey(self.desk.context.heard(Recalled(asked.number, chunk), up=self.up))

    @precondition(lambda self: self.warming and self.up)
    @rule()
    def warmed(self) -> None:
        stable = self.warming.pop(0)
        self.warm.add(stable)
        self.obey(self.desk.context.heard(Warmed(stable), up=True))

    @rule(path=st.sampled_from([*FILES, "far.py"]), seen=st.booleans())
    def outdate(self, path: str, seen: bool) -> None:
        answer = Outdated((path,), (path,) if seen else ())
        self.obey(self.desk.context.heard(answer, up=self.up))

    @rule()
    def settle(self) -> None:
        assume(self.asked is None)
        self.obey(self.desk.context.heard(Settled(), up=self.up))

    @rule()
    def go_down(self) -> None:
        self.up = False
        self.warming.clear()
        self.warm.clear()
        self.desk.context.disconnected()

    @precondition(lambda self: not self.up)
    @rule()
    def come_up(self) -> None:
        self.up = True
        self.obey(self.desk.context.connected())

    @rule()
    def have_a_rest(self) -> None:
        """When all is answered, a stable part that is there is shown."""
        assume(self.up)
        for _ in range(2):
            while self.asked or self.warming:
                if self.warming:
                    self.warmed()
                elif isinstance(self.asked, Pack):
                    self.pack([], fails=False)
                else:
                    self.recall(0)
            self.key("", 3, "a.py")
        assert self.last

    @invariant()
    def the_tail_is_the_text_at_the_cursor(self) -> None:
        document = self.desk.document()
        offset = document.text.offset(Position(5, 2), Encoding.UTF32)
        prompt = self.desk.context.prompt(document, offset)
        assert document.text.string[:offset].endswith(prompt.prefix)
        assert document.text.string[offset:].startswith(prompt.suffix)


TestContext = ContextMachine.TestCase
TestContext.settings = settings(max_examples=60, stateful_step_count=40)
