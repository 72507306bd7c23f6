"""What goes into the stable part: in what order, and never too much."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_lsp.core.prompt import Block, Change, Share, Stretch
from spark_lsp.core.text import Text
from spark_lsp.core.tokens import count
from spark_lsp.core.windows import Tail
from tests.repository import Repository

LIBRARY = {
    f"lib/m{number}.py": f'"""Module {number}."""\n\n\ndef helper_{number}(value: int) -> int:\n'
    + f'    """Return the value of {number}."""\n    return value + {number}\n' * 12
    for number in range(60)
}
FILES = {
    "AGENTS.md": "Write plain code.\n",
    "lib/AGENTS.md": "No classes here.\n",
    ".hidden": "",
    **LIBRARY,
}
LONG = {f"big/f{number}.py": LIBRARY[f"lib/m{number}.py"] * 8 for number in range(60)}
SOURCE = (
    "from lib.m3 import helper_3\nfrom lib.m7 import helper_7\n\n\ndef main() -> None:\n"
    "    helper_3(1)\n    <CURSOR>\n"
)

sources = st.lists(
    st.sampled_from(
        [
            "import lib.m1\n",
            "from lib.m2 import helper_2\n",
            "helper_9\n",
            "é漢😀\n",
            "\ud83d",
            "x" * 500,
        ]
    ),
    max_size=60,
).map("".join)


def kinds(blocks: tuple[Block, ...]) -> list[str]:
    return list(dict.fromkeys(block.kind for block in blocks))


@settings(max_examples=25)
@given(
    sources, st.integers(0, 5000), st.sampled_from([2_000, 4_096, 8_192, 24_000, 32_000, 128_000])
)
def test_a_prompt_is_never_over_its_window(source: str, offset: int, window: int) -> None:
    repository = Repository(FILES)
    offset = min(offset, len(source))
    place = repository.place("lib/open.py", source[:offset] + "<CURSOR>" + source[offset:])
    packed = repository.packer.pack(place, window)
    share = Share.of(window)
    tail = Tail.around(Text(place.text), place.offset, share.tail)

    assert packed.tokens <= share.head
    assert all(block.tokens == count(block.text) for block in packed.blocks)
    assert sum(block.tokens for block in packed.blocks) <= packed.tokens
    assert packed.tokens + count(tail.prefix) + count(tail.suffix) <= window


def test_the_same_inputs_give_the_same_bytes() -> None:
    packs = []
    for files in (FILES, dict(reversed(FILES.items()))):
        repository = Repository(files)
        packs.append(repository.packer.pack(repository.place("app.py", SOURCE), 32_000))

    assert packs[0] == packs[1]


def test_the_order_is_instructions_then_signatures_then_chunks_then_files() -> None:
    repository = Repository(FILES | LONG)
    source = SOURCE + "".join(f"    helper_{number}(0)\n" for number in range(60))
    blocks = repository.packer.pack(repository.place("app.py", source), 32_000).blocks

    assert ["rules", "signatures", "chunk", "file"] == kinds(blocks)
    for kind in ("signatures", "file"):
        paths = [block.path for block in blocks if block.kind == kind]
        assert paths == sorted(paths)


def test_in_a_small_window_signatures_go_before_files() -> None:
    repository = Repository(FILES)
    blocks = repository.packer.pack(repository.place("app.py", SOURCE), 4_096).blocks
    signatures = {block.path: block for block in blocks if block.kind == "signatures"}

    assert "def helper_3(value: int) -> int:" == signatures["lib/m3.py"].text
    assert "helper_3 is imported" == signatures["lib/m3.py"].reason
    assert "lib/m3.py" not in {block.path for block in blocks if block.kind == "file"}


def test_in_a_large_window_what_is_imported_is_there_whole() -> None:
    repository = Repository(FILES)
    blocks = repository.packer.pack(repository.place("app.py", SOURCE), 128_000).blocks
    files = {block.path: block for block in blocks if block.kind == "file"}

    assert LIBRARY["lib/m3.py"] == files["lib/m3.py"].text
    assert "imported here" == files["lib/m3.py"].reason
    assert set(LIBRARY) <= set(files), "all that fits is there"


def test_a_large_window_is_used_if_there_is_enough_to_fill_it() -> None:
    repository = Repository(FILES | LONG)
    packed = repository.packer.pack(repository.place("app.py", SOURCE), 64_000)

    assert packed.tokens >= 0.99 * Share.of(64_000).head


def test_instructions_for_the_directory_of_the_document_come_first() -> None:
    repository = Repository(FILES)
    blocks = repository.packer.pack(repository.place("lib/open.py", SOURCE), 32_000).blocks

    assert [("rules", "AGENTS.md"), ("rules", "lib/AGENTS.md")] == [
        (block.kind, block.path) for block in blocks[:2]
    ]


@pytest.mark.parametrize("window", [2_000, 2_200, 4_096])
@pytest.mark.parametrize("source", ["", "x = 1\n" * 900, "\n"])
def test_instructions_may_take_all_the_room_there_is(window: int, source: str) -> None:
    for length in range(90, 800, 16):
        repository = Repository({"AGENTS.md": "Write plain code. " * length})
        place = repository.place("app.py", source + "<CURSOR>")

        assert repository.packer.pack(place, window).tokens <= Share.of(window).head


def test_a_file_too_large_for_its_share_is_shown_around_the_cursor() -> None:
    repository = Repository({})
    lines = [f"value_{number} = {number}\n" for number in range(4000)]
    source = "".join([*lines[:3000], "<CURSOR>", *lines[3000:]])
    (block,) = repository.packer.pack(repository.place("app.py", source), 32_000).blocks

    assert "value_2999 = 2999\nvalue_3000 = 3000\n" in block.text
    assert block.text == "".join(lines[block.start_line : block.end_line + 1])
    assert Share.of(32_000).head // 6 < block.tokens <= Share.of(32_000).head // 3


def test_secrets_are_masked_wherever_they_stand() -> None:
    body = "aK3" + "q9Zr7LmX2" * 4
    files = {
        "lib/a.py": f'def connect():\n    password = "{body}"\n',
        "AGENTS.md": f"password: {body}\n",
    }
    repository = Repository(files)
    place = repository.place("app.py", f'import lib.a\npassword = "{body}"\n<CURSOR>')
    packed = repository.packer.pack(place, 32_000)
    stretch = Stretch("other.py", 0, 1)
    recalled = repository.packer.recall(place, 4_000, 4_000, [stretch], [])

    assert {"AGENTS.md", "lib/a.py", "app.py"} == {block.path for block in packed.blocks}
    assert body not in str(packed) + str(recalled)


def test_what_is_there_already_is_not_recalled() -> None:
    repository = Repository(LIBRARY)
    place = repository.place("app.py", SOURCE + "helper_9(helper_8(<CURSOR>\n")
    first = repository.packer.recall(place, 4_000, 4_000, [], [])
    held = [Stretch(it.path, it.start_line, it.end_line) for it in first.blocks]
    second = repository.packer.recall(place, 4_000, 4_000, held, [])

    assert first.blocks
    assert not {it.path for it in first.blocks} & {it.path for it in second.blocks}


@pytest.mark.parametrize("room", [0, 50, 100, 700])
def test_what_is_recalled_fits_into_the_room_that_is_left(room: int) -> None:
    repository = Repository(LIBRARY)
    place = repository.place("app.py", SOURCE)
    change = Change("b.py", 3, "x = 1", "x = 2")
    recalled = repository.packer.recall(place, room, room, [], [change])

    assert recalled.tokens <= room
    if room >= 100:
        assert "@@ line 4\n-x = 1\n+x = 2\n" == recalled.blocks[0].text


def test_a_large_file_that_was_looked_at_lately_is_there_whole() -> None:
    large = "".join(f"def large_{number}(): return {number}\n" for number in range(2_300))
    repository = Repository(FILES | {"large.py": large})
    assert count(large) > Share.of(128_000).head // 6
    before = repository.packer.pack(repository.place("app.py", SOURCE), 128_000)
    after = repository.packer.pack(repository.place("app.py", SOURCE, ("large.py",)), 128_000)

    assert large not in {block.text for block in before.blocks}
    assert large in {block.text for block in after.blocks}
