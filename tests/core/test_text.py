import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spark_lsp.core.text import Edit, Encoding, Position, Text, difference, line_starts, units

ALPHABET = "a é\r\n\f\v\x85\u2028\u2029\x1c😀\ud83d"
strings = st.text(alphabet=ALPHABET, max_size=40)
encodings = st.sampled_from(Encoding)
places = st.integers(0, 60)


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, Edit]:
    string = draw(strings)
    start = draw(st.integers(0, len(string)))
    end = draw(st.integers(start, len(string)))
    return string, Edit(start, end, draw(strings))


@given(edits())
@example(("a\r\nb", Edit(2, 2, "x")))
@example(("a\rb", Edit(2, 2, "\n")))
@example(("\r\n", Edit(1, 1, "")))
def test_a_spliced_text_equals_a_fresh_scan(case: tuple[str, Edit]) -> None:
    string, edit = case
    spliced = Text(string).splice(edit)

    assert string[: edit.start] + edit.new + string[edit.end :] == spliced.string
    assert line_starts(spliced.string) == list(spliced.starts)


@given(strings, places, encodings)
def test_an_offset_survives_the_way_to_its_position_and_back(
    string: str, offset: int, encoding: Encoding
) -> None:
    text = Text(string)
    offset = min(offset, len(string))
    if string[offset - 1 : offset + 1] == "\r\n":
        offset -= 1  # LSP has no position inside a CRLF

    assert offset == text.offset(text.position(offset, encoding), encoding)


@given(strings, places, places, encodings)
def test_a_position_survives_the_way_to_its_offset_and_back(
    string: str, line: int, character: int, encoding: Encoding
) -> None:
    text = Text(string)
    line = min(line, text.line_count - 1)
    line_text = text.line(line)
    character = min(character, len(line_text))
    position = Position(line, units(line_text[:character], encoding))

    assert position == text.position(text.offset(position, encoding), encoding)


@given(strings, st.integers(-3, 80), st.integers(-3, 80), encodings)
def test_any_position_means_a_place_in_the_text(
    string: str, line: int, character: int, encoding: Encoding
) -> None:
    assert 0 <= Text(string).offset(Position(line, character), encoding) <= len(string)


@given(strings)
def test_lines_and_their_ends_make_up_the_text(string: str) -> None:
    text = Text(string)
    pieces = [
        text.string[text.line_start(line) : text.line_start(line + 1)]
        for line in range(text.line_count)
    ]

    assert string == "".join(pieces)
    assert all(not set("\r\n") & set(text.line(line)) for line in range(text.line_count))


@given(strings, strings)
def test_the_difference_of_two_texts_turns_one_into_the_other(before: str, after: str) -> None:
    assert after == Text(before).splice(difference(before, after)).string


@pytest.mark.parametrize(
    ("string", "lines"),
    [
        ("", [""]),
        ("a\n", ["a", ""]),
        ("a\r\nb\rc\nd", ["a", "b", "c", "d"]),
        ("a\fb\x85c\u2028d\ne", ["a\fb\x85c\u2028d", "e"]),
        ("\r\n\r", ["", "", ""]),
    ],
)
def test_lines_end_at_lf_crlf_and_cr_only(string: str, lines: list[str]) -> None:
    text = Text(string)

    assert lines == [text.line(line) for line in range(text.line_count)]


@pytest.mark.parametrize(
    ("encoding", "character", "offset"),
    [
        (Encoding.UTF8, 2, 1),  # after é
        (Encoding.UTF8, 6, 2),  # after 😀
        (Encoding.UTF8, 4, 1),  # inside 😀: the place before it
        (Encoding.UTF16, 3, 2),
        (Encoding.UTF16, 2, 1),
        (Encoding.UTF32, 2, 2),
        (Encoding.UTF16, 99, 3),  # past the line: its end
    ],
)
def test_characters_are_counted_in_the_negotiated_unit(
    encoding: Encoding, character: int, offset: int
) -> None:
    assert offset == Text("é😀x\nnext").offset(Position(0, character), encoding)
