"""Keys that come at a pace, whatever becomes of the last one, with a full context in use.

Owns three paces, from a key repeated by the keyboard to a person who thinks. At each, half of the
keys go against what the model has begun to write, and half along an answer that it has finished.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter, process_time
from typing import Any

from spark_lsp.cli.bench import processes, relay
from spark_lsp.cli.bench.ends import Model, Typist, ending
from spark_lsp.cli.bench.figures import Figure, Figures, Tell
from spark_lsp.cli.bench.paced import press
from spark_lsp.cli.bench.processes import Spent
from spark_lsp.cli.report import percentile

DEFAULT = 2_000
"""Keys at all paces together."""
_SHARES = {0.01: 0.5, 0.05: 0.35, 0.15: 0.15}
"""Seconds between two keys, and the share of keys that are typed so: slow ones take long."""
_FLOOR = 40
"""Keys for what the system itself takes."""
_LIMIT = 10.0
_PASSED = "a process that passes it on"
_GREETING = "value"
"""What the model begins to write. No line that is typed against it has such a letter."""
_LINE = "row_{} = first + second"
_A_ROW = 5
"""Names in a row of a statement."""
_REST = "x,\n    the_last, that_is_not_typed,\n]\n"
"""Ends a statement, long enough that nobody has reason to ask before it what follows."""
_BREATH = 0.02
"""Seconds between two keys that are not measured."""
_FIRSTS = ("amber", "broad", "clear", "dense", "early", "fresh", "grand", "hasty", "inner", "joint")
_SECONDS = (
    "angle",
    "block",
    "chart",
    "draft",
    "entry",
    "frame",
    "guide",
    "house",
    "index",
    "joint",
)


@dataclass(slots=True)
class Pace:
    """What was measured at one pace.

    Attributes:
        seconds: between two keys.
        diverging: keys against the model.
        agreeing: keys along its answer.
        requested: milliseconds from a diverging key to the request for it, of those that had one.
        answered: milliseconds from an agreeing key to its answer.
        floor: milliseconds that keys take through a process that passes them on.
        late: milliseconds by which keys came too late.
        spent: what the server and its children spent, where the system says so.
        busy: seconds that this process took, the model in it included.
    """

    seconds: float
    diverging: int = 0
    agreeing: int = 0
    requested: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    spent: Spent | None = None
    busy: float = 0.0

    def a_key(self, seconds: float) -> float:
        """Return seconds of all keys as milliseconds of one."""
        return seconds / (self.diverging + self.agreeing) * 1000


async def typed(server: int, model: Model, typist: Typist, keys: int, tell: Tell) -> Sequence[Pace]:
    """Type so many keys in all, at each pace its share, into a server with this process id."""
    numbers = count(1)
    measured = []
    for seconds, share in _SHARES.items():
        half = max(1, round(keys * share / 2))
        tell(f"typing, {seconds * 1000:.0f} ms a key")
        pace = Pace(seconds, half, half)
        spent = processes.spent(server) if processes.VISIBLE else None
        busy = process_time()
        await _against(pace, model, typist, numbers)
        await _along(pace, model, typist)
        pace.busy = process_time() - busy
        pace.spent = spent and processes.spent(server).since(spent)
        pace.floor = await relay.waits(min(half, _FLOOR), seconds, model.size)
        measured.append(pace)
    return measured


async def answered(model: Model, typist: Typist, keys: int) -> tuple[str, str]:
    """Have the model finish an answer; returns what to type along it, and the rest of it.

    It is one statement of many short lines, without repetitions: such as is shown in one piece.
    """
    await against(model, typist, "\nlines")
    model.arrived.clear()
    _, answer = typist.key("z")
    text, rest = statement(keys)
    async with asyncio.timeout(_LIMIT):
        await model.arrived.wait()
        model.say(text + rest)
        model.finish()
        await answer
    return text, rest


async def against(model: Model, typist: Typist, text: str) -> None:
    """Type a text against the model, unmeasured.

    It begins to answer each time: an answer that has not begun would be kept for the next key.
    """
    model.greeting = _GREETING
    for char in text:
        typist.key(char)
        await asyncio.sleep(_BREATH)
    model.greeting = ""


def statement(length: int) -> tuple[str, str]:
    """Return so many characters of what may follow a name, and what ends it."""
    rows, number = [" = ["], 0
    while sum(map(len, rows)) + len(rows) < length + 1:
        names = []
        for _ in range(_A_ROW):
            first, second = _FIRSTS[number % len(_FIRSTS)], _SECONDS[number // len(_FIRSTS) % 10]
            names.append(f"{first}_{second}{number // 100 or ''}")
            number += 1
        rows.append(f"    {', '.join(names)},")
    return "\n".join(rows)[:length], _REST


async def _against(pace: Pace, model: Model, typist: Typist, numbers: "count[int]") -> None:
    chars = (char for number in numbers for char in f"{_LINE.format(number)}\n")
    await against(model, typist, "\n\n")
    written = "\n"
    pressed: dict[str, float] = {}

    def key(_number: int) -> None:
        nonlocal written
        char = next(chars)
        written = ending(written + char)
        pressed[written], _ = typist.key(char)

    model.greeting = _GREETING
    pace.late += await press(pace.diverging, pace.seconds, key)
    model.greeting = ""
    for place, began in pressed.items():
        if place in model.arrivals:
            pace.requested.append((model.arrivals[place] - began) * 1000)


async def _along(pace: Pace, model: Model, typist: Typist) -> None:
    text, rest = await answered(model, typist, pace.agreeing)
    answers: list[asyncio.Future[Any]] = []

    def key(number: int) -> None:
        began, answer = typist.key(text[number])
        answers.append(answer)
        answer.add_done_callback(lambda _: pace.answered.append((perf_counter() - began) * 1000))

    pace.late += await press(pace.agreeing, pace.seconds, key)
    async with asyncio.timeout(_LIMIT):
        await asyncio.wait(answers)
    await against(model, typist, rest)


def figures(measured: Sequence[Pace]) -> Figures:
    """Return the figures of all paces."""
    told: Figures = {}
    for pace in measured:
        name = f"{pace.seconds * 1000:.0f} ms a key"
        for share, budget in ((0.5, 2), (0.99, 8)):
            floor = percentile(pace.floor, share)
            told[f"{name}: diverging key to cancel and request out, p{share * 100:.0f}"] = Figure(
                percentile(pace.requested, share), "ms", floor, _PASSED, budget
            )
        told[f"{name}: diverging keys with a request"] = Figure(
            len(pace.requested), "1", pace.diverging, "all"
        )
        told[f"{name}: agreeing key to answer, p50"] = Figure(
            percentile(pace.answered, 0.5), "ms", percentile(pace.floor, 0.5), _PASSED, 1
        )
        bench = pace.a_key(pace.busy)
        if spent := pace.spent:
            for whose, seconds in {"server": spent.own, "its children": spent.children}.items():
                told[f"{name}: time of the processors a key, {whose}"] = Figure(
                    pace.a_key(seconds), "ms", bench, "this benchmark itself"
                )
        told[f"{name}: lateness of the typist, p99"] = Figure(
            percentile(pace.late, 0.99), "ms", 0, "none"
        )
    return told
