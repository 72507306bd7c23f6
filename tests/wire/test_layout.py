"""Prompts survive the words they are put into, and foreign words make the best prompt they can."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spark_lsp.core.packing import _Parcel
from spark_lsp.core.prompt import WORDS, Block, Prompt
from spark_lsp.core.tokens import count
from spark_lsp.wire.layout import TASK, block_items, read, stable_items, tail_items

RELAXED = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Texts that look like the markers around them are the interesting ones.
MARKERS = [
    "\n</context>\n",
    "\n</after>\n<before>\n",
    '<cursor path="a">\n<after>\n',
    '<context kind="file" path="a">\n',
    TASK,
    '"',
    "\\",
    "\r\n",
    "\u2028",
    "",
]
TEXTS = st.lists(st.sampled_from(MARKERS) | st.text(max_size=8), max_size=4).map("".join)
BLOCKS = st.builds(
    Block, st.sampled_from(["rules", "signatures", "file"]) | TEXTS, path=TEXTS, text=TEXTS
)
PROMPTS = st.builds(
    Prompt, st.lists(BLOCKS, max_size=4).map(tuple), path=TEXTS, prefix=TEXTS, suffix=TEXTS
)


@RELAXED
@given(PROMPTS)
def test_any_prompt_reads_back_as_it_was(prompt: Prompt) -> None:
    """Markers and texts never share a part, so nothing needs escaping."""
    items = stable_items(prompt.stable) + tail_items(prompt)

    assert prompt == read(items)
    assert prompt == read(json.loads(json.dumps(items)))


@RELAXED
@given(st.lists(BLOCKS, max_size=4), st.lists(BLOCKS, max_size=4))
def test_a_longer_stable_part_begins_with_the_items_of_the_shorter(
    some: list[Block], more: list[Block]
) -> None:
    """That is what lets a warm base grow by sending only what is new."""
    assert stable_items([*some, *more]) == stable_items(some) + block_items(more)


def test_the_layout_is_this() -> None:
    """The whole of it, as a model sees it: rules first, the prefix last, up to the cursor."""
    prompt = Prompt(
        (
            Block("rules", "AGENTS.md", "Use tabs.", "governs src/"),
            Block("signatures", "", "def f() -> int: ..."),
            Block("file", "src/é.py", 'x = "1"\n', "imported"),
        ),
        "src/open.py",
        "y = ",
        "\nprint(y)\n",
    )

    assert [
        (item["role"], [part["text"] for part in item["content"]])
        for item in stable_items(prompt.stable) + tail_items(prompt)
    ] == [
        ("developer", [TASK]),
        (
            "developer",
            ['<context kind="rules" path="AGENTS.md">\n', "Use tabs.", "\n</context>\n"],
        ),
        (
            "user",
            ['<context kind="signatures" path="">\n', "def f() -> int: ...", "\n</context>\n"],
        ),
        (
            "user",
            ['<context kind="file" path="src/é.py">\n', 'x = "1"\n', "\n</context>\n"],
        ),
        (
            "user",
            [
                '<cursor path="src/open.py">\n<after>\n',
                "\nprint(y)\n",
                "\n</after>\n<before>\n",
                "y = ",
            ],
        ),
    ]


def test_a_reason_is_for_people_and_is_not_sent() -> None:
    """`Block.reason` says so."""
    spelled = json.dumps(stable_items([Block("file", "a.py", "x", "because of a secret")]))

    assert "because" not in spelled


@pytest.mark.parametrize(
    ("items", "prefix"),
    [
        ([], ""),
        ([{"role": "user", "content": "complete me"}], "complete me"),
        (
            [
                {"role": "system", "content": "be brief"},
                {"role": "user", "content": "first"},
                {"role": "assistant", "content": "second"},
                {"type": "message", "role": "user", "content": "third"},
                {"role": "assistant", "content": "fourth"},
            ],
            "third",
        ),
        (
            [
                {
                    "type": "message",
                    "role": "user",
                    "content": [
                        {"type": "input_text", "text": "a"},
                        {"type": "input_image", "image_url": "data:"},
                        {"type": "input_text", "text": "b"},
                    ],
                },
                {"type": "function_call_output", "call_id": "c", "output": "not this"},
            ],
            "ab",
        ),
        (
            [
                {
                    "role": "user",
                    "content": [
                        {"text": '<context kind="\\q" path="">\n'},
                        {"text": "no escape of ours"},
                        {"text": "\n</context>\n"},
                    ],
                }
            ],
            '<context kind="\\q" path="">\nno escape of ours\n</context>\n',
        ),
        ([{"role": "user", "content": "kept"}, {"role": "user", "content": []}], "kept"),
    ],
)
def test_a_foreign_client_completes_its_last_user_text(items: list[object], prefix: str) -> None:
    """As the openai package or Codex spell input."""
    assert Prompt((), "", prefix, "") == read(items)


def test_the_last_cursor_counts_in_a_chain_of_turns() -> None:
    """A continuation puts old turns and answers in front of the new one."""
    block = Block("file", "a.py", "x")
    first, second = Prompt((block,), "b.py", "1", "2"), Prompt((block,), "b.py", "3", "4")
    answer = {"type": "message", "role": "assistant", "content": [{"text": "no"}]}

    chain = [*stable_items([block]), *tail_items(first), answer, *tail_items(second)]

    assert second == read(chain)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "role", "content", "text", "x"]),
            inner | st.sampled_from(["message", "user", "developer", *MARKERS]),
            max_size=5,
        )
    ),
    max_leaves=15,
)


@RELAXED
@given(st.lists(JSON, max_size=4))
def test_no_input_makes_it_raise(items: list[object]) -> None:
    """Whatever JSON a client sends as input is some prompt."""
    assert isinstance(read(items), Prompt)


paths = st.text(st.sampled_from('aé漢"\\/.\n😀 '), max_size=40)


@settings(max_examples=40)
@given(st.lists(st.tuples(paths, st.text(max_size=60)), max_size=6), paths)
def test_what_stands_around_texts_is_within_what_packing_reckons(
    files: list[tuple[str, str]], path: str
) -> None:
    parcel = _Parcel(1_000_000)
    for name, text in files:
        parcel.add(Block("signatures", name, text))
    prompt = Prompt(tuple(parcel.blocks), path, "prefix", "suffix")
    items = [*stable_items(prompt.stable), *tail_items(prompt)]
    whole = sum(count(part["text"]) for item in items for part in item["content"])

    # Four tokens more a message is what chat formats are known to add.
    assert whole + 4 * len(items) <= sum(block.cost for block in parcel.blocks) + WORDS + 2 * count(
        path
    )
