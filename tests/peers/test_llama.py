"""The real llama-server as a provider, asked in each way that it understands."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.server.endpoint import Endpoint
from spark_lsp.server.http import Answer, Http
from spark_lsp.wire.dialects.base import Call, Dialect, End, Piece, Target
from spark_lsp.wire.dialects.choose import dialect
from spark_lsp.wire.faults import Remedy
from spark_lsp.wire.refusals import fault
from tests.editor import PATIENCE, editing
from tests.peers.llama import CONTEXT, Llama
from tests.peers.parts import needs

pytestmark = needs("llama", "python")
every_way = pytest.mark.parametrize("wire_api", ["infill", "completions", "chat", "responses"])

SHAPES = Block("chunk", "shapes.py", "def circle(radius):\n    return 3.14 * radius\n")
PROMPT = Prompt((SHAPES,), "area.py", "def area(radius):\n    return ", "\n")
TARGET = Target("song", 64, effort="low", template="qwen2.5-coder", prompt_cache_key="k")

CONFIG = """\
model_provider = "llama"
model = "song"
model_context_window = 4096
embedded_fallback = false

[model_providers.llama]
base_url = "{url}/v1"
wire_api = "{wire_api}"
supports_websockets = false
"""


@asynccontextmanager
async def answering(llama: Llama, call: Call, **more: Any) -> AsyncIterator[Answer]:
    """Send a request, with more in its body than the dialect has put there."""
    body = json.dumps({**json.loads(call.body), **more}).encode()
    http = Http(Endpoint(call.root(f"{llama.url}/v1")))
    try:
        async with http.post(replace(call, body=body)) as answer:
            yield answer
    finally:
        await http.close()


async def asked(llama: Llama, way: Dialect, prompt: Prompt = PROMPT) -> list[Piece]:
    """Ask, and return all that comes."""
    reader = way.reader(prompt)
    pieces: list[Piece] = []
    async with answering(llama, way.call(prompt)) as answer:
        assert 200 == answer.status, await answer.start(1000)
        async for data in answer.chunks():
            pieces += reader.feed(data)
    return [*pieces, *reader.close()]


async def refused(llama: Llama, way: Dialect, prompt: Prompt = PROMPT) -> tuple[str, Remedy, str]:
    """Ask what cannot be answered, and return what is made of the answer."""
    async with answering(llama, way.call(prompt)) as answer:
        why = fault(answer.status, answer.headers, await answer.start(65536))
    return why.code, why.remedy, why.message


def heard(pieces: list[Piece]) -> tuple[str, End]:
    """Part an answer into its text and its end."""
    *texts, end = pieces
    assert isinstance(end, End)
    return "".join(str(text) for text in texts), end


@every_way
async def test_it_answers_and_tells_what_that_cost(llama: Llama, wire_api: str) -> None:
    text, end = heard(await asked(llama, dialect(wire_api, TARGET)))

    assert llama.song == text
    assert "completed" == end.reason
    assert end.usage.input_tokens > len(PROMPT.prefix)
    assert 8 == end.usage.output_tokens


@every_way
async def test_what_it_has_read_before_is_not_read_again(llama: Llama, wire_api: str) -> None:
    way = dialect(wire_api, TARGET)
    await asked(llama, way)
    later = replace(PROMPT, prefix=PROMPT.prefix + "r")

    _, end = heard(await asked(llama, way, later))

    assert end.usage.cached_tokens > end.usage.input_tokens // 2


@every_way
async def test_an_answer_ends_at_the_limit(llama: Llama, wire_api: str) -> None:
    text, end = heard(await asked(llama, dialect(wire_api, replace(TARGET, max_output_tokens=3))))

    assert "radius ** 2" == text
    # Its Responses say that they have completed, whatever the reason.
    assert ("completed" if wire_api == "responses" else "max_output_tokens") == end.reason


@every_way
async def test_it_stops_when_nobody_listens_any_more(llama: Llama, wire_api: str) -> None:
    call = dialect(wire_api, replace(TARGET, max_output_tokens=CONTEXT)).call(PROMPT)
    llama.forget()

    async with answering(llama, call, ignore_eos=True, t_max_predict_ms=-1) as answer:
        async for _ in answer.chunks():
            break
        task = await asyncio.to_thread(llama.told, r"launch_slot_: .*\| task (\d+) ")
    await asyncio.to_thread(llama.told, f"cancel task, id_task = {task[1]}\n")
    told = f"task {task[1]} .* stop processing: n_tokens = (\\d+)"
    tokens = (await asyncio.to_thread(llama.told, told))[1]

    assert int(tokens) < CONTEXT


@pytest.mark.parametrize("wire_api", ["completions", "chat", "responses"])
async def test_it_says_that_a_context_is_too_long(llama: Llama, wire_api: str) -> None:
    long = replace(PROMPT, stable=(replace(SHAPES, text="x" * 2 * CONTEXT),))

    code, remedy, message = await refused(llama, dialect(wire_api, TARGET), long)

    assert ("context_length_exceeded", Remedy.REPORT) == (code, remedy)
    assert "lower model_context_window" in message


@pytest.mark.parametrize("chars", [CONTEXT // 2, CONTEXT, 2 * CONTEXT])
async def test_a_context_that_is_too_long_to_fill_in_is_cut_by_it(llama: Llama, chars: int) -> None:
    long = replace(PROMPT, stable=(replace(SHAPES, text="x" * chars),))

    assert llama.song == heard(await asked(llama, dialect("infill", TARGET), long))[0]


async def test_it_does_not_know_what_other_servers_offer(llama: Llama) -> None:
    code, remedy, message = await refused(llama, dialect("fim", TARGET))

    assert ("not_found", Remedy.REPORT) == (code, remedy)
    assert "check model, base_url and wire_api" in message


async def test_filling_in_shows_the_model_other_files_and_both_sides(llama: Llama) -> None:
    await asked(llama, dialect("infill", TARGET))

    assert (
        "<|repo_name|>myproject\n<|file_sep|>shapes.py\n"
        "def circle(radius):\n    return 3.14 * radius\n"
        "<|file_sep|>filename\n"
        "<|fim_prefix|>def area(radius):\n    return <|fim_suffix|>\n<|fim_middle|>"
    ) in await asyncio.to_thread(llama.shown)


@pytest.mark.parametrize("wire_api", ["infill", "completions"])
async def test_what_looks_like_a_control_token_in_a_file_is_text_to_it(
    llama: Llama, wire_api: str
) -> None:
    """A token of the model would be one; as text it is as long as any other."""

    async def tokens(text: str) -> int:
        prompt = replace(PROMPT, stable=(replace(SHAPES, text=text),), prefix=text, suffix=text)
        return heard(await asked(llama, dialect(wire_api, TARGET), prompt))[1].usage.input_tokens

    token = "<|fim_middle|>"

    assert await tokens(token) >= await tokens("x" * len(token))


@every_way
async def test_its_words_appear_while_a_person_types(
    llama: Llama, wire_api: str, tmp_path: Path
) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    (root / "shapes.py").write_text(SHAPES.text, "utf-8")
    source = f"{PROMPT.prefix}<CURSOR>{PROMPT.suffix}"

    config = CONFIG.format(url=llama.url, wire_api=wire_api)
    async with editing(root, "area.py", source, config=config) as editor:
        editor.ask()
        await editor.ghost(llama.song)
        editor.type(llama.song[0])
        editor.ask()
        await editor.ghost(llama.song[1:])

        assert editor.backend() is None
        assert [] == editor.messages


@every_way
async def test_its_model_is_shown_what_belongs_to_the_place(
    llama: Llama, wire_api: str, tmp_path: Path
) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    name = f"circle_of_{wire_api}"
    (root / "shapes.py").write_text(SHAPES.text.replace("circle", name), "utf-8")
    source = f"import shapes\n\n\n{PROMPT.prefix}<CURSOR>{PROMPT.suffix}"

    config = CONFIG.format(url=llama.url, wire_api=wire_api)
    async with editing(root, "area.py", source, config=config) as editor:
        async with asyncio.timeout(PATIENCE):
            # Until the repository is known and packed, there is only the open file.
            while not any(name in shown for shown in await asyncio.to_thread(llama.shown)):
                editor.type("x")
                await editor.ask()
