"""What leaves and what arrives: a real server between a real client and a scripted model."""

import asyncio
from pathlib import Path

import pytest

from tests.editor import Editor, editing
from tests.model import Model, Request, scripted_model

HELPER = "def helper():\n    return 1\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    path.mkdir()
    return path


async def shown(model: Model, editor: Editor, text: str) -> Request:
    """Have a first answer on the screen."""
    editor.ask()
    request = await model.next()
    await request.say(text)
    await editor.ghost(text)
    return request


async def test_a_key_that_agrees_with_the_text_shown_sends_no_request(root: Path) -> None:
    async with scripted_model() as model:
        async with editing(root, "a.py", "x = <CURSOR>\n", config=model.config()) as editor:
            request = await shown(model, editor, "value + other")
            await request.end()
            for char in "value + ":
                editor.type(char)
                answer = await editor.ask()
                assert editor.screen.ghost == answer["items"][0]["insertText"]
            await editor.ghost("other")

        assert len(model.creates) == 1
        assert not model.interrupts.qsize()


async def test_a_key_that_agrees_with_a_stream_keeps_it(root: Path) -> None:
    async with scripted_model() as model:
        async with editing(root, "a.py", "x = <CURSOR>\n", config=model.config()) as editor:
            request = await shown(model, editor, "val")
            editor.type("v")
            last = editor.ask()
            await editor.ghost("al")
            await request.say("ue")
            await editor.ghost("alue")
            await request.end()
            await last

        assert len(model.creates) == 1


async def test_a_key_that_diverges_cancels_and_asks_anew_with_the_text_as_it_is_now(
    root: Path,
) -> None:
    async with scripted_model() as model:
        async with editing(root, "a.py", "x = <CURSOR>\n", config=model.config()) as editor:
            first = await shown(model, editor, "value")
            seen = len(model.frames)
            editor.type("q")
            editor.ask()
            second = await model.next()
            # The cancel and the new request are the very next two frames, in this order.
            turn = [frame["type"] for frame in model.frames[seen:] if frame.get("generate", True)]
            assert turn == ["response.interrupt", "response.create"]
            assert model.frames[seen]["response_id"] == first.id
            assert second.texts[-1] == "x = q"
            await first.say("never shown")
            await second.say("uery")
            await editor.ghost("uery")
            await second.end()

        assert editor.screen.stale_frames == 0


async def test_without_interrupts_a_diverging_key_leaves_the_old_answer_to_drain_unheard(
    root: Path,
) -> None:
    async with scripted_model() as model:
        async with editing(
            root, "a.py", "x = <CURSOR>\n", config=model.config("gpt-6-luna")
        ) as editor:
            first = await shown(model, editor, "value")
            editor.type("q")
            editor.ask()
            second = await model.next()
            assert first.frame["stream_id"] != second.frame["stream_id"]
            await first.say("never shown")
            await first.end()
            await second.say("uery")
            await second.end()
            await editor.ghost("uery")

        assert not model.interrupts.qsize()


async def test_growth_only_ever_extends_and_ends_in_the_answer(root: Path) -> None:
    async with scripted_model() as model:
        async with editing(root, "a.py", "x = <CURSOR>\n", config=model.config()) as editor:
            answer = editor.ask()
            request = await model.next()
            for piece, ghost in (("one", "one"), (" + two", "one + two"), ("\n", "one + two")):
                await request.say(piece)
                await editor.ghost(ghost)
            await request.end()
            result = await answer
            texts = [items[0] for _, items in editor.partials]

        assert texts == ["one", "one + two"]
        assert result["items"][0]["insertText"] == "one + two"
        assert editor.screen.shrunk_frames == 0


async def test_a_client_that_cannot_show_growth_gets_the_whole_answer(root: Path) -> None:
    async with scripted_model() as model:
        async with editing(root, "a.py", "x = <CURSOR>\n", config=model.config()) as editor:
            answer = editor.ask(grows=False)
            request = await model.next()
            await request.say("one")
            await request.end()

            assert (await answer)["items"][0]["insertText"] == "one"
        assert not editor.partials


async def test_a_connection_cut_before_any_text_is_made_anew_and_asked_again(root: Path) -> None:
    async with scripted_model() as model:
        async with editing(root, "a.py", "x = <CURSOR>\n", config=model.config()) as editor:
            answer = editor.ask()
            await (await model.next()).drop()
            request = await model.next()
            await request.say("value")
            await request.end()

            assert (await answer)["items"][0]["insertText"] == "value"
        assert len(model.handshakes) == 2


async def test_requests_go_out_without_the_context_that_is_warm(root: Path) -> None:
    (root / "b.py").write_text(HELPER, "utf-8")
    async with scripted_model() as model:
        async with editing(
            root, "a.py", "from b import helper\nx = <CURSOR>\n", config=model.config()
        ) as editor:
            await (await shown(model, editor, "value")).end()
            await model.until(lambda: HELPER in model.warm)
            for _ in range(20):  # the server may not have heard yet that it is warm
                editor.type("q")
                editor.ask()
                await (await model.next()).end()
                if "previous_response_id" in model.creates[-1]:
                    break

        assert "previous_response_id" not in model.creates[0]
        assert 2 == len(model.creates[0]["input"]), "nothing but the task and the tail"
        assert "previous_response_id" in model.creates[-1]
        assert 1 == len(model.creates[-1]["input"])


async def test_the_key_goes_into_the_handshake_and_nowhere_else(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_FOR_TEST", "key-4711")
    async with scripted_model() as model:
        settings = model.config() + 'env_key = "SECRET_FOR_TEST"\n'
        async with editing(root, "a.py", "x = <CURSOR>\n", config=settings) as editor:
            await (await shown(model, editor, "value")).end()

        assert model.handshakes[0]["Authorization"] == "Bearer key-4711"
        assert "key-4711" not in str(model.frames)


async def test_a_provider_without_its_key_is_never_called_and_the_editor_is_answered(
    root: Path,
) -> None:
    async with scripted_model() as model:
        settings = model.config() + 'env_key = "NOT_SET_ANYWHERE"\n'
        async with editing(root, "a.py", "x = <CURSOR>\n", config=settings) as editor:
            assert await editor.ask() == {"items": []}

        assert not model.handshakes


async def test_bytes_that_come_one_by_one_change_nothing(root: Path) -> None:
    """A proxy between server and model hands on each byte by itself."""
    async with scripted_model() as model:
        port = int(model.url.rsplit(":", 1)[1].split("/")[0])

        async def one_by_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(4096):
                for byte in data:
                    writer.write(bytes([byte]))
                    await writer.drain()
            writer.close()

        async def through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, back = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(
                one_by_one(reader, back), one_by_one(there, writer), return_exceptions=True
            )

        proxy = await asyncio.start_server(through, "127.0.0.1", 0)
        model.url = f"ws://127.0.0.1:{proxy.sockets[0].getsockname()[1]}/v1"
        async with proxy, editing(root, "a.py", "x = <CURSOR>\n", config=model.config()) as editor:
            request = await shown(model, editor, "välue 😀")
            await request.end()
            await editor.ghost("välue 😀")
