"""What a chat model says around an answer goes, and nothing else does, however it arrives."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spark_lsp.core.prompt import Prompt, Rewrite
from spark_lsp.core.text import Text
from spark_lsp.core.windows import Tail
from spark_lsp.wire import leaks
from spark_lsp.wire.cleaning import Cleaner
from spark_lsp.wire.surroundings import Surroundings, unclosed
from tests.fixture import ROOT, Fixture, fixtures

FIXTURES = fixtures("cleaning")
RELAXED = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CODE = re.compile(r"\w")
TAIL = 4_500
"""Bytes around a cursor, as the session shows them."""

Asked = Prompt | Rewrite


def cleaned(asked: Asked, *parts: str) -> str:
    cleaner = Cleaner(asked)
    return "".join([*(cleaner.feed(part) for part in parts), cleaner.close()])


def asked_by(fixture: Fixture) -> Asked:
    """Read what a fixture asks: a document with a cursor, or with a region and an instruction."""
    path, text = fixture.source
    if (instruction := fixture.parts.get("instruction")) is not None:
        before, region, after = re.split("</?REGION>", text)
        return Rewrite((), path, before, region, after, instruction.strip())
    before, after = text.split("<CURSOR>")
    return Prompt((), path, before, after)


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in FIXTURES])
def test_an_answer_is_cleaned_like_this(path: Path, request: pytest.FixtureRequest) -> None:
    fixture = Fixture.read(path)
    asked, answer = asked_by(fixture), fixture.parts["answer"][:-1]

    shown = cleaned(asked, answer)

    assert shown == cleaned(asked, *answer)
    fixture.expect("@shown", f"{shown}\n", update=request.config.getoption("update"))


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in FIXTURES])
def test_line_ends_of_either_kind_are_cleaned_alike(path: Path) -> None:
    """A file has its own, and a model the ones it likes."""
    fixture = Fixture.read(path)
    asked, answer = asked_by(fixture), fixture.parts["answer"][:-1]
    shown = fixture.parts["@shown"][:-1]
    crlfs: Asked
    if isinstance(asked, Prompt):
        crlfs = replace(asked, prefix=crlf(asked.prefix), suffix=crlf(asked.suffix))
    else:
        before, region, after = map(crlf, (asked.before, asked.region, asked.after))
        crlfs = replace(asked, before=before, region=region, after=after)

    for of_file in (asked, crlfs):
        for of_model in (answer, crlf(answer)):
            assert shown == cleaned(of_file, *of_model).replace("\r", "")


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


# Texts that look like what is looked for are the interesting ones.
PIECES = [
    *("```", "```python\n", "```\n", "~~~", "`", "\n", "\n\n", " ", "    ", "\t", "\r\n", "\r"),
    *("def f(a):", "    return ", "return", "x = ", "x", "foo(", "foo", "(", ")", "{", "}", ";"),
    *('"', "'''", '"""', "<", "</before>", "<before>\n", "<think>", "</think>", "<|im_end|>"),
    *("<|im_start|>assistant\n", '<cursor path="a">\n', "Sure!", "Here is the completion:"),
    *("This code does", "Explanation:", "class A:\n", "import os", "import os\n", "    a = b\n"),
    *("é", "\u2028", "\ud800", "| a | b |\n", "I'm sorry, ", "Nothing to insert.", "items.re"),
    *(
        " " * 600,
        "\n" * 600,
        "duce",
        "<region>",
        "</region>\n",
        "<EOT>",
        "<completion>",
        "</completion>",
        "//",
        "\uff5c",
    ),
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=8).map("".join)
PATHS = st.sampled_from(["a.py", "a.md", "a.js", "a.html", "", "a.yaml", "a.c", "README", "b/c.d"])
PROMPTS = st.builds(Prompt, st.just(()), PATHS, TEXTS, TEXTS)
REWRITES = st.builds(Rewrite, st.just(()), PATHS, TEXTS, TEXTS, TEXTS, TEXTS)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Asked, str, list[str]]:
    """What was asked, and an answer, whole and in pieces, that may repeat what stands around it."""
    asked = draw(PROMPTS | REWRITES)
    before = asked.prefix if isinstance(asked, Prompt) else asked.before
    after = asked.suffix if isinstance(asked, Prompt) else asked.after
    again = before[draw(st.integers(0, len(before))) :] if draw(st.booleans()) else ""
    answer = again + draw(TEXTS) + after[: draw(st.integers(0, len(after)))]
    cuts = sorted(draw(st.lists(st.integers(0, len(answer)), max_size=12)))
    return asked, answer, [answer[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]


@RELAXED
@given(conversations())
def test_it_does_not_matter_how_an_answer_is_cut(
    conversation: tuple[Asked, str, list[str]],
) -> None:
    asked, answer, parts = conversation

    whole = cleaned(asked, answer)

    assert whole == cleaned(asked, *answer) == cleaned(asked, *parts)


@RELAXED
@given(conversations())
def test_an_answer_never_grows(conversation: tuple[Asked, str, list[str]]) -> None:
    """But for the line ends that a region ends with."""
    asked, answer, _ = conversation
    shown = cleaned(asked, answer)

    ends = len(asked.region) if isinstance(asked, Rewrite) else 0
    assert len(shown) <= len(answer) + ends


@RELAXED
@given(conversations())
def test_a_rewrite_ends_with_the_line_ends_of_its_region(
    conversation: tuple[Asked, str, list[str]],
) -> None:
    asked, answer, _ = conversation
    if isinstance(asked, Prompt):
        asked = Rewrite((), asked.path, asked.prefix, asked.prefix, asked.suffix, "")
    region = asked.region
    shown = cleaned(asked, answer)

    assert not shown or shown.endswith(region[len(region.rstrip("\r\n")) :])


@RELAXED
@given(conversations())
def test_an_answer_that_is_over_says_no_more(conversation: tuple[Asked, str, list[str]]) -> None:
    """So that whoever reads it may end the stream."""
    asked, _, parts = conversation
    cleaner = Cleaner(asked)
    over = False
    for part in parts:
        said = cleaner.feed(part)

        assert not (over and said)
        assert cleaner.over or not over
        over = cleaner.over


LANGUAGES = [Fixture.read(path).source for path in fixtures("symbols")]
OURS = [
    (path.name, path.read_text("utf-8"))
    for folder in ("core", "engine", "server", "cli")
    for path in sorted((ROOT / "spark_lsp" / folder).glob("*.py"))
]
DOCUMENTS = [(path.name, path.read_text("utf-8")) for path in sorted(ROOT.glob("*.md"))]
FILES = [pytest.param(path, text, id=path) for path, text in [*LANGUAGES, *OURS, *DOCUMENTS]]


def holes(path: str, text: str) -> Iterator[tuple[Prompt, str]]:
    """Cut pieces of one to four lines out of a file: where lines begin, and in the middle."""
    lines = Text(text)
    for line in range(0, lines.line_count, max(1, lines.line_count // 12)):
        written = lines.line(line)
        start = lines.line_start(line)
        indented = len(written) - len(written.lstrip())
        for column in {indented, (indented + len(written)) // 2, len(written)}:
            last = min(line + (line + column) % 4, lines.line_count - 1)
            end = lines.line_start(last) + len(lines.line(last))
            answer = text[start + column : end]
            if answer.strip():
                rest = Text(text[: start + column] + text[end:])
                tail = Tail.around(rest, start + column, TAIL)
                yield Prompt((), path, tail.prefix, tail.suffix), answer


@pytest.mark.parametrize(("path", "text"), FILES)
def test_what_really_stood_in_a_hole_comes_out_unchanged(path: str, text: str) -> None:
    """Of languages that we know, of our own modules, and of documents."""
    changed = [
        (prompt.prefix[-80:], answer, shown)
        for prompt, answer in holes(path, text)
        if (shown := cleaned(prompt, answer)) != answer
    ]

    assert [] == changed


def late(prompt: Prompt, answer: str) -> int:
    """How many characters of an answer, blanks not counted, have come when the first is shown."""
    cleaner = Cleaner(prompt)
    for count in range(1, len(answer) + 1):
        if cleaner.feed(answer[count - 1]).strip():
            return len(answer[:count].strip())
    return len(answer.strip())


def test_nearly_every_answer_is_shown_from_its_first_token_on() -> None:
    """A token of code has three to four characters; few answers begin like an echo at all."""
    waits = [late(prompt, answer) for path, text in OURS for prompt, answer in holes(path, text)]

    assert sum(wait > 1 for wait in waits) < len(waits) * 0.4
    assert sum(wait > 4 for wait in waits) < len(waits) * 0.2
    assert sum(wait > 16 for wait in waits) < len(waits) * 0.03


@pytest.mark.parametrize("answer", ["value", "self.x = 1", "'text'", "(1, 2)", "# why", "\u00e9"])
def test_plain_code_is_let_through_at_once(answer: str) -> None:
    prompt = Prompt((), "a.py", "class A:\n    def f(self):\n        ", "\n\n\nclass B: ...\n")
    cleaner = Cleaner(prompt)

    assert list(answer) == [cleaner.feed(char) for char in answer]
    assert ["", "\nx", "y"] == [cleaner.feed(part) for part in ("\n", "x", "y")]


FENCED = [
    "```\n{}\n```",
    "```python\n{}\n```\nDone.",
    "Sure! Here is the code:\n\n```python\n{}\n```",
    "Here is the missing code:\n\n{}",
    "<think>\nHm.\n</think>\n\n{}",
    "<|im_start|>assistant\n{}<|im_end|>",
    "{}\n```\nDone.",
    "{}\n</before>\n</cursor>",
    "{}\n\nThis code does it.",
]


@pytest.mark.parametrize("form", FENCED)
def test_whatever_is_put_around_real_code_goes(form: str) -> None:
    """Of our own modules, where the code begins a line, is no text, and none speaks of tokens."""
    unlike = [
        (prompt.prefix[-80:], answer, shown)
        for path, text in OURS[::4]
        for prompt, answer in holes(path, text)
        if CODE.match(answer) and not prompt.prefix.endswith("\n") and prompt.prefix[-1:].isspace()
        if not Surroundings.of(prompt).prose and not unclosed(answer)
        if not re.search(leaks._CONTROL, prompt.prefix + prompt.suffix)
        if (shown := cleaned(prompt, form.format(answer))).rstrip() != answer.rstrip()
    ]

    assert [] == unlike


def test_what_is_said_before_the_cursor_already_goes_whatever_line_it_begins_with() -> None:
    """A function or a file that is said again up to the cursor, wherever the cursor stands."""
    text = (ROOT / "spark_lsp" / "engine" / "vocabulary.py").read_text("utf-8")
    start = text.index("def style_of")
    body = text.index('"""\n', start) + len('"""\n')
    whole = [
        (cleaned(Prompt((), "words.py", text[:at], text[end:]), text[first:end]), text[at:end])
        for at in range(body, text.index("\n\n\n", body))
        for end in [text.index("\n", at + 1)]
        for first in (0, start)
        if text[at:end].strip()
    ]

    assert len(whole) > 200
    assert [shown.lstrip() for shown, _ in whole] == [rest.lstrip() for _, rest in whole]


def test_what_is_held_back_of_a_long_answer_is_bounded() -> None:
    """In an answer of thousands of lines as in a line of thousands of pieces."""
    prompt = Prompt((), "a.py", "x = [\n    ", "\n]\n\n\n# More.\ndef f():\n    pass\n")
    cleaner = Cleaner(prompt)
    said = 0
    for number in range(20_000):
        part = f"call({number}) < 1,\n    " if number < 10_000 else " and more"
        said += len(cleaner.feed(part))

        assert len(cleaner._held) + len(cleaner._kept) + len(cleaner._gap) < 40
    assert sum(map(len, cleaner._said)) < 70_000
    assert said > 200_000


@pytest.mark.parametrize("blank", [" ", "\n", "\t", "\r\n", "\r"])
def test_blanks_without_end_are_let_through_in_the_end(blank: str) -> None:
    """Some models write them until they are stopped."""
    for begun in ("", "x", "x\n", "```python\nx\n"):
        cleaner = Cleaner(Prompt((), "a.py", "def f():\n    ", ""))
        cleaner.feed(begun)
        for _ in range(5_000):
            cleaner.feed(blank)

            assert len(cleaner._held) + len(cleaner._gap) < 1_100
            assert len(cleaner._opening._held) < 1_100
