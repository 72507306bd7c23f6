"""What a model is shown, as people and scripts are told it; places of files."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.cli.errors import CommandError
from spark_lsp.cli.files import read_place
from spark_lsp.cli.shown import Row, Shown, _cut, shown
from spark_lsp.core import tokens
from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.core.text import Text
from spark_lsp.core.windows import Tail

CONTRACT = {"tokens", "budget", "stable_tokens", "milliseconds", "blocks"}
BLOCK = {"kind", "path", "start_line", "end_line", "tokens", "reason"}
"""What DESIGN.md §4 fixes for `context --json`; more is welcome."""


def told_of(text: str, offset: int, *blocks: Block, room: int = 1000) -> Shown:
    tail = Tail.around(Text(text), offset, room)
    prompt = Prompt(blocks, "a.py", tail.prefix, tail.suffix)
    return shown(prompt, tail, Text(text), 8000, 1.0, warm=True)


def test_the_object_has_the_keys_that_scripts_rely_on() -> None:
    told = told_of("one\ntwo\n", 4, Block("rules", "AGENTS.md", "Be brief.\n", "r")).as_json()

    assert told.keys() >= CONTRACT
    assert [BLOCK] * 3 == [block.keys() for block in told["blocks"]]
    assert ["rules", "suffix", "prefix"] == [block["kind"] for block in told["blocks"]]


@given(
    st.lists(st.tuples(st.sampled_from(["rules", "file", "chunk", "edit"]), st.text())),
    st.text(),
    st.integers(0, 1000),
)
def test_tokens_are_those_of_all_that_goes_out(
    blocks: list[tuple[str, str]], text: str, offset: int
) -> None:
    stable = [Block(kind, "b.py", body, "r") for kind, body in blocks]
    told = told_of(text, min(offset, len(text)), *stable)

    assert told.tokens == sum(map(tokens.count, told.texts))
    assert told.tokens == told.words + sum(row.tokens for row in told.rows)
    assert told.stable == sum(map(tokens.count, told.texts[:-4]))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", (11, 11)),
        ("a", (11, 11)),
        ("a\n", (11, 11)),
        ("\n", (11, 11)),
        ("a\nb", (11, 12)),
        ("a\r\nb\r\n", (11, 12)),
        ("a\rb\rc", (11, 13)),
        ("a\n\n", (11, 12)),
    ],
)
def test_lines_of_a_block_count_from_one_and_the_last_is_in_it(
    text: str, lines: tuple[int, int]
) -> None:
    row = told_of("", 0, Block("chunk", "b.py", text, "r", 10, 99)).rows[0]

    assert lines == (row.start_line, row.end_line)


@pytest.mark.parametrize(
    ("offset", "suffix", "prefix"),
    [(0, (1, 3), (1, 1)), (4, (2, 3), (1, 2)), (6, (2, 3), (1, 2)), (14, (4, 4), (1, 4))],
)
def test_the_lines_around_the_cursor_are_told(
    offset: int, suffix: tuple[int, int], prefix: tuple[int, int]
) -> None:
    rows = told_of("one\ntwo\nthree\n", offset).rows

    assert [suffix, prefix] == [(row.start_line, row.end_line) for row in rows[-2:]]


def test_the_windows_are_the_lines_that_they_are_said_to_be() -> None:
    text = "".join(f"line {number}\n" for number in range(1, 1001))
    *_, suffix, prefix = told_of(text, text.index("line 500\n"), room=900).rows
    lines = text.splitlines(keepends=True)

    tail = Tail.around(Text(text), text.index("line 500\n"), 900)
    assert "".join(lines[suffix.start_line - 1 : suffix.end_line]) == tail.suffix
    assert "".join(lines[prefix.start_line - 1 : prefix.end_line - 1]) == tail.prefix


ROWS = st.builds(
    Row,
    st.sampled_from(["rules", "file", "chunk"]),
    st.text(max_size=300),
    st.integers(1, 10**6),
    st.integers(1, 10**6),
    st.integers(0, 10**6),
    st.text(max_size=100),
)


@given(st.lists(ROWS, max_size=5), st.integers(80, 300))
def test_what_people_read_fits_their_terminal_and_does_not_steer_it(
    rows: list[Row], width: int
) -> None:
    told = Shown((*rows,), (), 1, 2, 128_000, 3.0, 4.0, warm=True)
    for line in told.as_lines(width):
        assert line.cell_len <= width
        assert line.plain.isprintable()


def test_a_path_is_cut_in_its_middle() -> None:
    assert "django/con…admin_list.py:1-23" == _cut("django/contrib/admin/admin_list.py:1-23", 29)


def test_groups_have_their_sums_and_shares() -> None:
    rows = (
        Row("rules", "AGENTS.md", 1, 2, 10, "instructions of the repository"),
        Row("file", "b.py", 1, 9, 3_000, "imported here"),
        Row("file", "c.py", 1, 9, 1_000, "imported here"),
    )
    lines = [line.plain for line in Shown(rows, (), 1, 2, 8_000, 3, 4, warm=True).as_lines(80)]

    assert any("file" in line and "4,000" in line and "50.0%" in line for line in lines)
    assert any("b.py:1-9" in line and "3,000" in line and "imported" in line for line in lines)
    assert lines[-1].startswith("4,012 of 8,000 tokens, 1 stable, 3 ms")


@pytest.mark.parametrize(
    ("place", "offset"), [("1:1", 0), ("1:4", 3), ("2:1", 5), ("2:3", 7), ("3:1", 9)]
)
def test_a_place_counts_from_one_in_characters(tmp_path: Path, place: str, offset: int) -> None:
    path = tmp_path / "a:1.py"
    path.write_bytes("öne\r\n\U0001f600o\r\n".encode())

    assert (path, offset) == read_place(f"{path}:{place}")[::2]


@pytest.mark.parametrize(
    "place", ["", "a.py", "a.py:1", "a.py:x:1", "a.py:0:1", "a.py:3:1", "a.py:1:5", "a.py:1:0",
              "missing.py:1:1", ":1:1", "a.py:99999999999999999999:1", "a.py:-1:1"],
)  # fmt: skip
def test_a_place_that_is_none_is_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.py").write_text("one\n", "utf-8")

    with pytest.raises(CommandError) as caught:
        read_place(place)
    assert 2 == caught.value.status


def test_what_is_no_file_is_wrong_usage_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(CommandError, match="pipe is not a file"):
        read_place(f"{tmp_path / 'pipe'}:1:1")
