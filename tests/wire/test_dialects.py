"""Each dialect spells a prompt and reads the answer as the fixtures say; nothing makes it raise."""

import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.wire.dialects.base import Call, Dialect, End, Piece, Target
from spark_lsp.wire.dialects.chat import Chat
from spark_lsp.wire.dialects.choose import DIALECTS, dialect
from spark_lsp.wire.faults import Fault
from spark_lsp.wire.frames import encode
from spark_lsp.wire.layout import chat_messages
from spark_lsp.wire.refusals import fault
from tests.fixture import Fixture, fixtures

OPEN = "src/shop.py"
PROMPT = Prompt(
    (
        Block("rules", "AGENTS.md", "Use tabs.\n", "governs src/"),
        Block("signatures", "src/cart.py", "class Cart:\n    def total(self) -> int: ..."),
        Block("file", "src/money.py", 'EURO = "€"\n', "imported"),
        Block("file", OPEN, "from money import EURO\n\n\nprint(cart)\n", "the open file"),
        Block("edit", "src/cart.py", "@@ line 3\n-items = {}\n+items = []\n+count = 0\n"),
    ),
    OPEN,
    "from money import EURO\n\ncart = ",
    "\nprint(cart)\n",
)


def asked(fixture: Fixture) -> Dialect:
    settings = tomllib.loads(fixture.parts["ask"])
    wire_api = settings.pop("wire_api")
    return dialect(wire_api, Target(**{"model": "m", "max_output_tokens": 64, **settings}))


def read(way: Dialect, pieces: Iterable[bytes], prompt: Prompt = PROMPT) -> list[Piece]:
    reader = way.reader(prompt)
    heard = [piece for data in pieces for piece in reader.feed(data)]
    return [*heard, *reader.close()]


def joined(pieces: Sequence[Piece]) -> list[Piece]:
    """The same with the text in one."""
    text = "".join(piece for piece in pieces if isinstance(piece, str))
    return [text, *(piece for piece in pieces if not isinstance(piece, str))]


def shown(call: Call) -> str:
    """A request so that a person can read it: long texts with their lines."""
    root = "" if call.root("http://h/v1") == "http://h/v1" else ", beside the version"
    lines = [f"POST {call.path}, accepting {call.accept}{root}"]

    def tell(name: str, value: Any, depth: str) -> None:
        if isinstance(value, str) and "\n" in value:
            lines.append(f"{depth}{name}:")
            lines.extend(f"{depth}    | {line}" for line in value.split("\n"))
        elif isinstance(value, dict):
            lines.append(f"{depth}{name}:")
            for key, inner in value.items():
                tell(key, inner, depth + "    ")
        elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
            for at, inner in enumerate(value):
                tell(f"{name}[{at}]", inner, depth)
        else:
            lines.append(f"{depth}{name}: {json.dumps(value, ensure_ascii=False)}")

    for name, value in json.loads(call.body).items():
        tell(name, value, "")
    return "\n".join(lines) + "\n"


def told(pieces: Sequence[Piece]) -> str:
    return "".join(
        f"{json.dumps(piece, ensure_ascii=False) if isinstance(piece, str) else piece}\n"
        for piece in pieces
    )


@pytest.mark.parametrize("path", fixtures("dialects"))
def test_a_dialect_asks_and_reads_as_its_fixture_says(path: Path, *, update: bool) -> None:
    fixture = Fixture.read(path)
    way = asked(fixture)
    if "@request" in fixture.parts:
        fixture.expect("@request", shown(way.call(PROMPT)), update=update)
    if "stream" in fixture.parts:
        stream = fixture.parts["stream"].encode()
        whole = joined(read(way, [stream]))

        fixture.expect("@pieces", told(whole), update=update)

        assert whole == joined(read(way, [bytes([byte]) for byte in stream]))
        assert whole == joined(read(way, [stream.replace(b"\n", b"\r\n")]))


FIXTURES = [Fixture.read(path) for path in fixtures("dialects")]
WAYS = [(asked(it), it.parts["stream"].encode()) for it in FIXTURES if "stream" in it.parts]
TEXTS = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=12)
PROMPTS = st.builds(
    Prompt,
    st.lists(
        st.builds(
            Block,
            st.sampled_from(["rules", "signatures", "file", "chunk", "edit"]) | TEXTS,
            path=st.sampled_from(["a.py", "b.html", "c"]) | TEXTS,
            text=TEXTS,
        ),
        max_size=4,
    ).map(tuple),
    path=st.sampled_from(["a.py", "b.html", "c"]) | TEXTS,
    prefix=TEXTS,
    suffix=TEXTS,
)
TARGETS = st.builds(
    Target,
    st.sampled_from(["m", "gpt-6-luna", "gpt-oss:20b", "mistral-small", "qwen2.5-coder:7b"]),
    st.just(64),
    effort=st.sampled_from([None, "low"]),
    template=st.sampled_from(["", "suffix", "codestral", "a{prefix}b{suffix}c{context}"]) | TEXTS,
    prompt_cache_key=st.sampled_from(["", "key"]),
    window=st.sampled_from([0, 8192]),
    cache_breakpoint=st.booleans(),
    tier=st.sampled_from(["", "flex"]),
)


@given(st.sampled_from(sorted(DIALECTS)), TARGETS, PROMPTS)
def test_any_prompt_is_spelled_as_json(wire_api: str, target: Target, prompt: Prompt) -> None:
    way = dialect(wire_api, target)
    call = way.call(prompt)

    assert isinstance(json.loads(call.body), dict)
    assert call == way.call(prompt)
    assert call == dialect(wire_api, target).call(prompt)


REWRITES = st.builds(
    lambda it: Rewrite(it.stable, it.path, it.prefix, "x", it.suffix, "y"), PROMPTS
)


@given(st.lists(PROMPTS | REWRITES, min_size=1, max_size=3))
def test_a_chat_is_spelled_as_the_layout_says_whatever_was_asked_before(
    prompts: list[Prompt | Rewrite],
) -> None:
    way = Chat(Target("m", 64))
    for prompt in prompts:
        said = json.loads(way.call(prompt).body)["messages"]

        assert json.loads(encode(chat_messages(prompt))) == said


def settled(pieces: Sequence[Piece]) -> bool:
    """Whether there is one end, at the end, and no empty text."""
    *texts, last = pieces
    return isinstance(last, End | Fault) and all(isinstance(it, str) and it for it in texts)


@given(st.data())
def test_any_cutting_gives_the_same_answer(data: st.DataObject) -> None:
    way, stream = data.draw(st.sampled_from(WAYS))
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=6))
    ends = sorted({0, len(stream), *cuts})

    heard = read(way, [stream[start:end] for start, end in pairwise(ends)])

    assert settled(heard)
    assert joined(read(way, [stream])) == joined(heard)


@given(st.data())
def test_no_bytes_make_a_reader_raise_or_end_twice(data: st.DataObject) -> None:
    """Streams cut short, with garbage in them, or with values of another type."""
    way, stream = data.draw(st.sampled_from(WAYS))
    at = data.draw(st.integers(0, len(stream)))
    till = data.draw(st.integers(at, len(stream)))
    junk = st.sampled_from(
        [
            b"null",
            b"[]",
            b"{}",
            b"1",
            b'"x"',
            b"data: {",
            b"\n\n",
            b"[DONE]",
            b"1e999",
            b'"\\ud800"',
        ]
    )
    garbage = data.draw(st.binary(max_size=12) | junk)
    spoiled = stream[:at] + garbage + stream[till:]

    reader = way.reader(PROMPT)
    heard = [*reader.feed(spoiled[:at]), *reader.feed(spoiled[at:]), *reader.close()]

    assert settled(heard)
    assert [] == [*reader.feed(stream), *reader.close()]


@pytest.mark.parametrize("wire_api", sorted(DIALECTS))
def test_an_answer_that_breaks_off_may_be_asked_for_again(wire_api: str) -> None:
    way = dialect(wire_api, Target("m", 64))
    [lost] = read(way, [])

    assert isinstance(lost, Fault)
    assert ("connection_lost", "retry") == (lost.code, lost.remedy.value)


@pytest.mark.parametrize("wire_api", sorted(DIALECTS))
def test_a_web_page_is_no_answer(wire_api: str) -> None:
    way = dialect(wire_api, Target("m", 64))
    [page] = read(way, [b"<!doctype html>\n<p>Please log in.</p>\n"])

    assert isinstance(page, Fault)
    assert ("not_a_stream", "report") == (page.code, page.remedy.value)


@pytest.mark.parametrize("wire_api", sorted(DIALECTS))
@pytest.mark.parametrize(
    "body",
    [
        b'{"error":{"message":"too busy","type":"server_error"}}',
        b'{"error":{"message":"too busy","type":"server_error"}}\n',
        b'data: {"error":{"message":"too busy","type":"server_error"}}\n\n',
    ],
)
def test_an_error_in_place_of_an_answer_is_told(wire_api: str, body: bytes) -> None:
    """With HTTP 200, streamed or not."""
    [failed] = read(dialect(wire_api, Target("m", 64)), [body])

    assert isinstance(failed, Fault)
    assert "too busy" in failed.message
    assert ("server_error", "retry") == (failed.code, failed.remedy.value)


CHATTY = "Here is the code:\n\n```python\nCart()\n```\n\nThis code creates a cart."


@pytest.mark.parametrize(
    ("wire_api", "spelled"),
    [
        ("chat", '{"choices":[{"index":0,"delta":{"content":%s}}]}'),
        ("responses", '{"type":"response.output_text.delta","output_index":0,"delta":%s}'),
    ],
)
def test_what_chat_models_add_to_an_answer_is_not_shown(wire_api: str, spelled: str) -> None:
    """And once it is certain that no more will be, nobody waits for the rest."""
    events = [f"data: {spelled % json.dumps(word)}\n\n".encode() for word in CHATTY.split(" ")]
    spaced = [event.replace(b'"}', b' "}') for event in events]

    heard = read(dialect(wire_api, Target("m", 64)), spaced)

    assert ["Cart()", End()] == joined(heard)


def test_an_infill_may_speak_of_the_tokens_that_the_file_speaks_of() -> None:
    """They go out as they are, so they come back as they are."""
    stream = b'data: {"content":"\'<|fim_middle|>\' <|fim_suffix|>","stop":false}\n\n'
    way = dialect("infill", Target("", 64))
    speaking = Prompt((), "a.py", "x = '<|fim_middle|>'\ny = ", "\n")

    assert "'<|fim_middle|>' " == read(way, [stream], speaking)[0]
    assert "'" == read(way, [stream])[0]


REFUSED = b'{"message":"Unsupported parameter: %s","type":"invalid_request_error"}'


@pytest.mark.parametrize(
    ("wire_api", "names"),
    [
        ("chat", ["stream_options", "temperature"]),
        ("completions", ["stream_options", "temperature", "stop"]),
        ("fim", ["temperature", "stop"]),
    ],
)
def test_a_field_that_a_server_refuses_is_left_out_from_then_on(
    wire_api: str, names: list[str]
) -> None:
    way = dialect(wire_api, Target("m", 64))
    for name in names:
        assert name in json.loads(way.call(PROMPT).body)
        less = way.without(fault(400, {}, REFUSED % name.encode()))
        assert less is not None
        way = less
        assert way.without(fault(400, {}, REFUSED % name.encode())) is None

    assert not set(names) & set(json.loads(way.call(PROMPT).body))


LIKELY = replace(PROMPT, prediction="Cart()<|im_end|>")
REGION = Rewrite(PROMPT.stable, OPEN, "a = 1\n", "b = '****'<|im_end|>\n", "c = 3\n", "tidy")


@pytest.mark.parametrize("prompt", [LIKELY, REGION], ids=["draft", "rewrite"])
def test_a_chat_server_is_told_what_its_answer_will_most_likely_be(
    prompt: Prompt | Rewrite,
) -> None:
    """As it stands in the prompt: what is masked there is masked here, and no token is harmful."""
    body = json.loads(dialect("chat", Target("m", 64, prediction=True)).call(prompt).body)
    known = prompt.region if isinstance(prompt, Rewrite) else prompt.prediction
    harmless = known.replace("<|", "< |")

    assert {"type": "content", "content": harmless} == body["prediction"]
    assert isinstance(prompt, Prompt) or harmless in body["messages"][1]["content"]


@pytest.mark.parametrize("wire_api", sorted(DIALECTS))
def test_a_prediction_is_sent_only_where_a_person_says_that_it_may_be(wire_api: str) -> None:
    ways = [dialect(wire_api, Target("m", 64, prediction=wire_api != "chat"))]
    ways += [dialect(wire_api, Target("m", 64, prediction=True))] if wire_api != "chat" else []
    for way in ways:
        told: list[Prompt | Rewrite] = [LIKELY, *([REGION] if way.instructable else [])]

        assert not any("prediction" in json.loads(way.call(prompt).body) for prompt in told)
    assert "prediction" not in json.loads(dialect("chat", Target("m", 64)).call(PROMPT).body)


@pytest.mark.parametrize(
    "said",
    [
        b'{"error":{"message":"x","code":"unknown","param":"prediction"}}',
        b'{"error":{"message":"`prediction` does not go with max_completion_tokens"}}',
    ],
)
def test_a_prediction_that_is_refused_is_left_out(said: bytes) -> None:
    way = dialect("chat", Target("gpt-5", 64, prediction=True))
    less = way.without(fault(400, {}, said))
    assert less is not None
    body = json.loads(less.call(LIKELY).body)

    assert "prediction" not in body
    assert "max_completion_tokens" in body


@pytest.mark.parametrize("wire_api", ["chat", "responses"])
def test_a_tier_is_asked_for_where_one_is_chosen(wire_api: str) -> None:
    body = json.loads(dialect(wire_api, Target("m", 64, tier="priority")).call(PROMPT).body)

    assert "priority" == body["service_tier"]


def test_the_limit_of_an_answer_has_two_names() -> None:
    """Each server refuses the other, and recommends its own."""
    said = b'{"error":{"message":"Use max_completion_tokens instead of max_tokens"}}'
    way = dialect("chat", Target("m", 64))
    other = way.without(fault(400, {}, said))
    assert other is not None
    body = json.loads(other.call(PROMPT).body)

    assert 64 == body["max_completion_tokens"]
    assert "max_tokens" not in body
    assert other.without(fault(400, {}, said)) is None


def test_responses_are_asked_without_what_was_refused() -> None:
    said = b'{"error":{"message":"x","code":"unsupported_parameter","param":"prompt_cache_key"}}'
    way = dialect("responses", Target("m", 64, prompt_cache_key="key"))
    less = way.without(fault(400, {}, said))
    assert less is not None

    assert "prompt_cache_key" in json.loads(way.call(PROMPT).body)
    assert "prompt_cache_key" not in json.loads(less.call(PROMPT).body)


def test_ollama_is_helped_where_a_model_cannot_insert() -> None:
    said = b'{"error":"registry.ollama.ai/library/qwen2.5-coder:7b does not support insert"}'
    refused = fault(400, {}, said)
    way = dialect("ollama", Target("qwen2.5-coder:7b", 64)).without(refused)
    assert way is not None
    body = json.loads(way.call(PROMPT).body)

    assert body["raw"] is True
    assert body["prompt"].startswith("<|repo_name|>")
    assert "suffix" not in body
    assert way.without(refused) is None
    assert dialect("ollama", Target("unheard-of", 64)).without(refused) is None


@pytest.mark.parametrize("wire_api", sorted(DIALECTS))
def test_what_is_no_refusal_of_a_field_changes_nothing(wire_api: str) -> None:
    way = dialect(wire_api, Target("m", 64))
    stopped = b'{"error":{"message":"maximum context length; stop"}}'

    assert way.without(fault(429, {}, b"stop it")) is None
    assert way.without(fault(400, {}, b"no")) is None
    assert way.without(fault(400, {}, stopped)) is None


@pytest.mark.parametrize(
    ("given_url", "root"),
    [
        ("http://localhost:8080/v1", "http://localhost:8080"),
        ("http://localhost:8080/v1/", "http://localhost:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://localhost:8080/llama/v1", "http://localhost:8080/llama"),
        ("http://localhost:8080/v1?a=/v1", "http://localhost:8080?a=/v1"),
        ("http://v1", "http://v1"),
        ("http://v1/", "http://v1/"),
        ("http://h/v1/models", "http://h/v1/models"),
    ],
)
def test_a_path_beside_the_version_is_found_from_either_root(given_url: str, root: str) -> None:
    assert root == Call("/infill", b"", unversioned=True).root(given_url)
    assert given_url == Call("/completions", b"").root(given_url)


@pytest.mark.parametrize(
    "token", ["<|im_end|>", "<|endoftext|>", "<end_of_turn>", "<\uff5cUser\uff5c>"]
)
def test_a_control_token_in_a_file_does_not_end_a_chat_message(token: str) -> None:
    text = f"END = '{token}'\n"
    prompt = Prompt((Block("file", "a.py", text),), "b.py", text, text)
    body = dialect("chat", Target("m", 64)).call(prompt).body.decode()

    assert token not in body
    assert 3 == body.count(token.replace("<", "< "))
