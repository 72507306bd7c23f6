"""What `bench transport` measures with: a line, a model at its end, and three ways to ask it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.cli.bench import bare, command, transport
from spark_lsp.cli.bench.aside import Aside, aside
from spark_lsp.cli.bench.corpus import Corpus
from spark_lsp.cli.bench.figures import Figures, Tell
from spark_lsp.cli.bench.line import SEGMENT, Carried, Flow, Line
from spark_lsp.cli.bench.scripted import MODEL, TIME_DIGITS, Ports, Script, sent_at
from spark_lsp.cli.errors import CommandError
from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.wire.events import TextDelta, decode_event

PROMPT = Prompt((Block("file", "a.py", "x = 1\n" * 20_000),), "b.py", "y = ", "\n")
"""More than a client may send before it hears from a server that is less generous."""
NEAR = Line((), 0.0)
LIMIT = 20.0

times = st.floats(0, 10)
writes = st.lists(st.tuples(times, st.binary(max_size=9 * SEGMENT)), max_size=6)
lines = st.builds(
    Line,
    st.just(()),
    round_trip=st.floats(0, 1),
    rate=st.just(0.0) | st.floats(1e3, 1e9),
    slow=st.booleans(),
)


def arrivals(flow: Flow) -> Iterator[tuple[float, bytes]]:
    while (due := flow.due()) is not None:
        yield due, flow.take(due)


def sent(line: Line, size: int) -> float:
    """Return when the last of so many bytes arrives that are sent at once."""
    flow = Flow(line, 0.0)
    flow.put(bytes(size), 0.0)
    return list(arrivals(flow))[-1][0]


@given(lines, times, writes)
def test_a_line_loses_nothing_and_hurries_nothing(
    line: Line, opened: float, put: list[tuple[float, bytes]]
) -> None:
    put.sort(key=lambda it: it[0])
    flow = Flow(line, opened)
    for now, data in put:
        flow.put(data, now)

    arrived = list(arrivals(flow))

    assert b"".join(data for _, data in put) == b"".join(data for _, data in arrived)
    assert sorted(when for when, _ in arrived) == [when for when, _ in arrived]
    began = next((now for now, data in put if data), 0.0)
    assert all(max(opened, began) + line.round_trip / 2 <= when for when, _ in arrived)


@pytest.mark.parametrize(
    ("line", "size", "seconds"),
    [
        (Line((), 2.0), 10**7, 1.0),  # the size costs nothing
        (Line((), 2.0, rate=8_000), 3_000, 1.0 + 3),
        (Line((), 2.0, slow=True), 10 * SEGMENT, 1.0),  # ten segments may be under way
        (Line((), 2.0, slow=True), 11 * SEGMENT, 1.0 + 2),  # another, once one is acknowledged
        (Line((), 2.0, slow=True), 30 * SEGMENT, 1.0 + 2),  # two for each
        (Line((), 2.0, slow=True), 31 * SEGMENT, 1.0 + 4),
        (Line((), 2.0, slow=True), 500_000, 1.0 + 2 * 5),
    ],
)
def test_what_a_size_costs_on_a_line(line: Line, size: int, seconds: float) -> None:
    assert seconds == pytest.approx(sent(line, size))


def test_a_connection_gets_faster_as_it_is_used() -> None:
    flow = Flow(Line((), 2.0, slow=True), 0.0)
    flow.put(bytes(30 * SEGMENT), 0.0)
    assert [when for when, _ in arrivals(flow)] == [1.0, 3.0]

    flow.put(bytes(40 * SEGMENT), 9.0)

    assert [when for when, _ in arrivals(flow)] == [10.0]


@pytest.fixture
async def trusted(tmp_path: Path) -> Path:
    return transport.certificates(tmp_path)[1]


@asynccontextmanager
async def far_model(script: Script, line: Line = NEAR) -> AsyncIterator[Aside]:
    """Run a model at the end of a line."""
    async with aside("scripted", script) as model:
        ports = msgspec.convert(model.ready, Ports)
        line = msgspec.structs.replace(line, ports=(ports.websocket, ports.https))
        async with aside("line", line) as relay:
            yield relay


def scripted(folder: Path, **changed: object) -> Script:
    script = Script(5, (" one", " two"), pace=1e6, certificate=str(folder / "certificate.pem"))
    return msgspec.structs.replace(script, **changed)


@pytest.mark.parametrize("http2", [False, True])
async def test_the_model_answers_requests_of_either_version(
    tmp_path: Path, trusted: Path, http2: bool
) -> None:
    heard: list[str] = []
    async with (
        far_model(scripted(tmp_path), Line((), 0.002, 1e9, slow=True)) as relay,
        bare.requests(
            f"https://127.0.0.1:{relay.ready[1]}/v1", MODEL, str(trusted), http2=http2
        ) as requests,
        asyncio.timeout(LIMIT),
    ):
        for _ in range(2):
            await requests.ask(PROMPT, heard.append)
        carried = msgspec.convert(await relay.asked(), Carried)

    assert [" one", " two", " one", " two", " one"] * 2 == heard
    assert 2 * len(PROMPT.stable[0].text) < carried.up
    assert 0 < carried.piece < carried.down < carried.up


async def test_the_warm_connection_sends_the_tail_alone(tmp_path: Path, trusted: Path) -> None:
    heard: list[str] = []
    async with far_model(scripted(tmp_path)) as relay, asyncio.timeout(LIMIT):
        url = f"wss://127.0.0.1:{relay.ready[0]}/v1"
        with transport.trusting(trusted):
            async with transport.warm(url, PROMPT.stable) as ask:
                warmed = msgspec.convert(await relay.asked(), Carried)
                await ask(PROMPT, heard.append)
                asked = msgspec.convert(await relay.asked(), Carried)

    assert " one two one two one" == "".join(heard)
    assert warmed.up > len(PROMPT.stable[0].text)
    assert asked.up < 2_000


@pytest.mark.parametrize("pace", [0.0, 1e6])
async def test_a_bare_reader_hears_what_was_sent_and_when(pace: float) -> None:
    script = Script(5, pace=pace)
    async with aside("scripted", script) as model, asyncio.timeout(LIMIT):
        url = f"ws://127.0.0.1:{msgspec.convert(model.ready, Ports).websocket}/v1"
        async with bare.reader(url, MODEL) as reader:
            answers = [[decode_event(it) async for it in reader.frames()] for _ in range(2)]

    for events in answers:
        tokens = [event.delta for event in events if isinstance(event, TextDelta)]
        assert 5 == len(tokens)
        assert {TIME_DIGITS} == {len(token) for token in tokens}
        assert sorted(map(sent_at, tokens)) == list(map(sent_at, tokens))


def test_transport_tells_each_way_beside_the_others(tmp_path: Path) -> None:
    told: list[str] = []

    figures = transport.transport(Corpus(tmp_path, "", tmp_path), told.append, keys=1)

    assert "ideal line: the warm connection" in told
    assert 14 == len(figures)
    assert {"a request a key", "HTTP/2, kept alive"} == {it.against for it in figures.values()}
    up, token = figures["bytes up with a key"], figures["bytes of a token"]
    assert up.ok
    assert up.baseline > 400_000
    assert token.value < token.baseline
    for line in ("", "ideal line: "):
        first = figures[f"{line}first token, p50"]
        assert first.budget == pytest.approx(first.baseline / 2)


def test_without_trustme_a_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)

    with pytest.raises(CommandError, match="pip install trustme"):
        command.run(["transport"], tmp_path, "", as_json=True)


def test_what_cannot_be_measured_does_not_keep_the_others_from_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking(_corpus: Corpus, _tell: Tell) -> Figures:
        raise CommandError("it lacks something")

    monkeypatch.setattr(
        command, "_BENCHES", {"lacking": lacking, "empty": lambda _corpus, _tell: {}}
    )

    assert not command.run([], None, "", as_json=True)
    out, err = capsys.readouterr()
    assert '{"empty": {}}\n' == out
    assert "lacking: it lacks something" in err
