"""Prompts survive the words they are put into, and foreign words make the best prompt they can."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spark_lsp.core.packing import _Parcel
from spark_lsp.core.prompt import WORDS, Block, Prompt, Rewrite
from spark_lsp.core.tokens import count
from spark_lsp.wire.layout import (
    GUIDED,
    REWRITE,
    TASK,
    block_items,
    chat_messages,
    read,
    read_rewrite,
    stable_items,
    tail_items,
)

RELAXED = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Texts that look like the markers around them are the interesting ones.
MARKERS = [
    "\n</context>\n",
    "\n</after>\n<before>\n",
    '<cursor path="a">\n<after>\n',
    '<context kind="file" path="a">\n',
    '<edit path="a">\n<before>\n',
    "\n</before>\n<region>\n",
    "\n</region>\n<after>\n",
    "\n</after>\n<instruction>\n",
    f"\n</instruction>\n{REWRITE}",
    f"\n</instruction>\n{GUIDED}\n<before>\n",
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
    Prompt,
    st.lists(BLOCKS, max_size=4).map(tuple),
    path=TEXTS,
    prefix=TEXTS,
    suffix=TEXTS,
    instruction=st.just("") | TEXTS,
)
REWRITES = st.builds(
    Rewrite,
    st.lists(BLOCKS, max_size=4).map(tuple),
    path=TEXTS,
    before=TEXTS,
    region=TEXTS,
    after=TEXTS,
    instruction=TEXTS,
)


@RELAXED
@given(PROMPTS)
def test_any_prompt_reads_back_as_it_was(prompt: Prompt) -> None:
    """Markers and texts never share a part, so nothing needs escaping."""
    items = stable_items(prompt.stable) + tail_items(prompt)

    assert prompt == read(items)
    assert prompt == read(json.loads(json.dumps(items)))
    assert read_rewrite(items) is None
    # Nothing stands between the cursor and the answer, whatever the person has said.
    assert prompt.prefix == items[-1]["content"][-1]["text"]


@RELAXED
@given(REWRITES)
def test_any_rewrite_reads_back_as_it_was(rewrite: Rewrite) -> None:
    """Whoever only completes is told that the cursor stands where the region begins."""
    items = stable_items(rewrite.stable) + tail_items(rewrite)

    assert rewrite == read_rewrite(items)
    assert rewrite == read_rewrite(json.loads(json.dumps(items)))
    assert read(items) == Prompt(
        rewrite.stable, rewrite.path, rewrite.before, rewrite.region + rewrite.after
    )


def test_a_rewrite_stands_on_the_warm_base_of_completions() -> None:
    """What it asks for comes last, so that what is stable is the same for both."""
    block = Block("file", "a.py", "x = 1")
    prompt, rewrite = Prompt((block,), "b.py", "1", "2"), Rewrite((block,), "b.py", *"1234")

    assert tail_items(rewrite) == tail_items(Rewrite((), "b.py", *"1234"))
    assert REWRITE not in json.dumps(stable_items(rewrite.stable))
    assert chat_messages(prompt)[0] == chat_messages(rewrite)[0]
    assert chat_messages(rewrite)[1]["content"].endswith(REWRITE)


@RELAXED
@given(st.lists(BLOCKS, max_size=4), st.lists(BLOCKS, max_size=4), PROMPTS)
def test_a_plain_chat_model_is_shown_the_same_in_two_messages(
    some: list[Block], more: list[Block], prompt: Prompt
) -> None:
    """A longer stable part begins like the shorter one, so that a prefix cache keeps it."""
    shorter, longer = (
        chat_messages(Prompt(tuple(it), prompt.path, prompt.prefix, prompt.suffix))
        for it in (some, [*some, *more])
    )
    kept = "".join(part["text"] for item in block_items([*some, *more]) for part in item["content"])
    texts = "".join(message["content"] for message in longer)
    user = any(block.kind != "rules" for block in some)

    assert ["system", "user"] == [message["role"] for message in longer]
    assert texts.startswith(f"{TASK}\n{kept}")
    assert longer[0]["content"].startswith(shorter[0]["content"])
    assert not user or shorter[0] == longer[0]
    # Blanks at the end of a message may be stripped by a model's template: none stand there.
    assert longer[1]["content"] == longer[1]["content"].strip()


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


def test_a_completion_of_which_something_was_said_is_laid_out_like_this() -> None:
    """What is stable is the same, and the prefix is still the last word."""
    prompt = Prompt((), "src/open.py", "y = ", "\n", "Use two.")

    assert [
        (item["role"], [part["text"] for part in item["content"]]) for item in tail_items(prompt)
    ] == [
        (
            "user",
            [
                '<cursor path="src/open.py">\n<after>\n',
                "\n",
                "\n</after>\n<instruction>\n",
                "Use two.",
                f"\n</instruction>\n{GUIDED}\n<before>\n",
                "y = ",
            ],
        )
    ]
    said = chat_messages(prompt)[1]["content"]
    assert said.endswith(
        "<before>\ny = </before>\nWrite only what is missing where </before> "
        "stands, as <instruction> says."
    )


def test_a_rewrite_is_laid_out_like_this() -> None:
    """In the order of the file, then what is wanted, then what is different about the answer."""
    rewrite = Rewrite((), "src/open.py", "y = ", "1", "\nprint(y)\n", "Use two.")

    assert [
        (item["role"], [part["text"] for part in item["content"]]) for item in tail_items(rewrite)
    ] == [
        (
            "user",
            [
                '<edit path="src/open.py">\n<before>\n',
                "y = ",
                "\n</before>\n<region>\n",
                "1",
                "\n</region>\n<after>\n",
                "\nprint(y)\n",
                "\n</after>\n<instruction>\n",
                "Use two.",
                f"\n</instruction>\n{REWRITE}",
            ],
        )
    ]


def test_a_plain_chat_model_is_told_where_the_cursor_stands() -> None:
    """The rules belong to the system, the rest to one user; the last words say what is wanted."""
    stable = (Block("rules", "AGENTS.md", "Use tabs."), Block("file", "a.py", "x = 1"))

    assert chat_messages(Prompt(stable, "b.py", "y = ", "\n")) == [
        {
            "role": "system",
            "content": f'{TASK}\n<context kind="rules" path="AGENTS.md">\nUse tabs.\n</context>\n',
        },
        {
            "role": "user",
            "content": '<context kind="file" path="a.py">\nx = 1\n</context>\n'
            '<cursor path="b.py">\n<after>\n\n\n</after>\n<before>\ny = </before>\n'
            "Write only what is missing where </before> stands.",
        },
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


def test_the_last_of_a_chain_decides_whether_it_is_a_rewrite() -> None:
    block = Block("file", "a.py", "x")
    prompt, rewrite = Prompt((block,), "b.py", "1", "2"), Rewrite((block,), "b.py", *"1234")
    stable = stable_items([block])

    assert rewrite == read_rewrite([*stable, *tail_items(prompt), *tail_items(rewrite)])
    assert read_rewrite([*stable, *tail_items(rewrite), *tail_items(prompt)]) is None
    assert rewrite == read_rewrite([*tail_items(rewrite), *stable])


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
    assert isinstance(read_rewrite(items), Rewrite | None)


paths = st.text(st.sampled_from('aé漢"\\/.\n😀 '), max_size=40)


@settings(max_examples=40)
@given(st.lists(st.tuples(paths, st.text(max_size=60)), max_size=6), paths)
def test_what_stands_around_texts_is_within_what_packing_reckons(
    files: list[tuple[str, str]], path: str
) -> None:
    parcel = _Parcel(1_000_000)
    for name, text in files:
        parcel.add(Block("signatures", name, text))
    stable = tuple(parcel.blocks)
    for asked in (
        Prompt(stable, path, "prefix", "suffix"),
        Prompt(stable, path, "prefix", "suffix", "instruction"),
        Rewrite(stable, path, "prefix", "region", "suffix", "instruction"),
    ):
        items = [*stable_items(stable), *tail_items(asked)]
        spelled = [part["text"] for item in items for part in item["content"]]
        said = [message["content"] for message in chat_messages(asked)]
        # Four tokens more a message is what chat formats are known to add.
        reckoned = sum(block.cost for block in stable) + WORDS + 2 * count(path)

        assert sum(map(count, spelled)) + 4 * len(items) <= reckoned
        assert sum(map(count, said)) + 4 * len(said) <= reckoned
