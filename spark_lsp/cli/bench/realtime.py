"""Typing along a model's answers and against them: how soon they are seen, and what they cost.

Measures a real server between a scripted model and an editor, each in a process of its own, over
one text that is typed at a steady pace. The same keys at a bare connection to the same model, which
asks with each of them and ends the last answer, stand beside it.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from spark_lsp.cli.bench import apart, bare, ledger, processes
from spark_lsp.cli.bench.aside import Aside
from spark_lsp.cli.bench.corpus import Corpus
from spark_lsp.cli.bench.figures import Figure, Figures, Tell, middle
from spark_lsp.cli.bench.ledger import Answer
from spark_lsp.cli.bench.passage import AGAINST, HEAD, PASSAGE, strokes
from spark_lsp.cli.bench.person import Naive, Person, Seen, typed
from spark_lsp.cli.bench.processes import Spent
from spark_lsp.cli.bench.scripted import MODEL, Script
from spark_lsp.cli.client import Client
from spark_lsp.cli.errors import CommandError
from spark_lsp.cli.report import percentile
from spark_lsp.cli.screen import Screen

_TOKENS = 64
_FAST = Script(_TOKENS, first=0.03, pace=1_000.0, reads=True)
_SLOW = Script(_TOKENS, first=0.3, pace=50.0, reads=True)
_FIRST_GHOST = 36.0
"""Milliseconds, of which the model takes 30."""
_LATE = 100
"""Tokens, for all keys: half of one for each."""
_BUSY = 5.0
_NAIVE = "asking with each key"
_REST = 0.2
"""Seconds in which what is on its way arrives."""
_LIMIT = 30.0

_BEFORE = '''\
"""Accounts, and what their owners owe."""

from decimal import Decimal


class StillOwed(Exception):
    """An account cannot be closed before it is paid."""


class Ledger:
    """Accounts by their owners."""

    def __init__(self, rates, letters, post, patience):
        self.accounts = {}
        self.archive = []
        self.watchers = []
        self.smallest = {}
        self.rates = rates
        self.letters = letters
        self.post = post
        self.patience = patience

    def open(self, owner, currency):
        if owner in self.accounts:
            raise ValueError(owner)
        self.accounts[owner] = Account(owner, currency)
        return self.accounts[owner]

'''
_AFTER = '''

class Account:
    """What one owner owes."""

    def __init__(self, owner, currency):
        self.owner = owner
        self.currency = currency
        self.history = []

    def charge(self, amount):
        self.history.append(amount)
'''
_WARM = "import os\n\nprint(os."


@dataclass(frozen=True, slots=True)
class Run:
    """One text typed.

    Attributes:
        seen: what the person saw.
        answers: what the model wrote meanwhile, in the order of its requests.
        screen: the editor's; a bare connection has none.
        spent: by the server and its children, where the system says so.
    """

    seen: Seen
    answers: list[Answer]
    screen: Screen | None = None
    spent: Spent | None = None

    def a_key(self, seconds: float) -> float:
        """Return seconds of all keys as milliseconds of one."""
        return seconds / len(self.seen.keys) * 1000

    @property
    def visible(self) -> float:
        """The share of keys after which ghost text was visible."""
        return self.seen.visible / len(self.seen.keys)

    @property
    def wasted(self) -> int:
        """Tokens that were neither shown nor typed."""
        return ledger.wasted(self.answers, self.seen.reach)

    @property
    def requested(self) -> float:
        """Milliseconds from a key to the request that came after it, p50."""
        keys = self.seen.keys
        before = ((it.asked, bisect_right(keys, it.asked) - 1) for it in self.answers)
        return middle([(asked - keys[at]) * 1000 for asked, at in before if at >= 0])

    @property
    def stopped(self) -> float:
        """Milliseconds from a key to the end of the answer that it diverged from, p50."""
        return middle(ledger.stopping(self.answers, self.seen.keys))

    @property
    def diverging(self) -> tuple[int, float]:
        """The keys that came while an answer was written, and the share that turned it."""
        found, right = ledger.turned(self.answers, self.seen.keys)
        return found, right / found if found else 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be typed, and to whom.

    Attributes:
        keys: how many.
        pace: seconds between two.
        settled: seconds behind the first answer in which the context is packed and warmed.
        fast: the model for which there are budgets.
        slow: one that people have to wait for.
    """

    keys: int = 200
    pace: float = 0.06
    settled: float = 1.5
    fast: Script = _FAST
    slow: Script = _SLOW


def typing(corpus: Corpus, tell: Tell, plan: Plan | None = None) -> Figures:
    """Measure along the models' answers and against them."""
    try:
        return asyncio.run(_measured(corpus.temporary, tell, plan or Plan()))
    except TimeoutError:
        raise CommandError(f"the server or the model was silent for {_LIMIT:.0f} s") from None


async def _measured(folder: Path, tell: Tell, plan: Plan) -> Figures:
    figures: Figures = {}
    for speed, script in {"": plan.fast, "slow model, ": plan.slow}.items():
        async with apart.model(script) as (model, url):
            for way, text in {"along": PASSAGE, "against": AGAINST}.items():
                name = f"{speed}{way}"
                scene = _Scene(model, url, strokes(text)[: plan.keys], plan)
                tell(f"{name}, a bare connection")
                naive = await _naive(scene)
                tell(name)
                ours = await _ours(scene, folder / f"typing-{len(figures)}")
                rows = _few if speed else _along if way == "along" else _against
                told = (*rows(ours, naive), *_everywhere(ours, naive))
                figures |= {f"{name}: {title}": figure for title, figure in told}
    return figures


@dataclass(frozen=True, slots=True)
class _Scene:
    model: Aside
    url: str
    strokes: Sequence[str]
    plan: Plan

    async def account(self) -> list[Answer]:
        """Return what the model wrote, once it has ended all that it was asked for."""
        answers = None
        async with asyncio.timeout(_LIMIT):
            while answers is None:
                await asyncio.sleep(_REST)
                answers = await self.model.asked()
        return msgspec.convert(answers, list[Answer])


async def _naive(scene: _Scene) -> Run:
    async with bare.asker(scene.url, MODEL) as asker:
        naive = Naive(asker, _BEFORE + HEAD, _AFTER)
        await typed(naive, scene.strokes, scene.plan.pace)
        return Run(naive.seen, await scene.account())


async def _ours(scene: _Scene, folder: Path) -> Run:
    before = _BEFORE + HEAD
    async with apart.server(folder, scene.url, before + _AFTER) as (client, uri):
        await _settled(client, uri, scene.plan.settled)
        await scene.account()
        person = Person(client, uri, before, _AFTER)
        process = client.process.pid
        spent = processes.spent(process) if processes.VISIBLE else None
        await typed(person, scene.strokes, scene.plan.pace)
        if spent:
            spent = processes.spent(process).since(spent)
        return Run(person.seen, await scene.account(), person.screen, spent)


async def _settled(client: Client, uri: str, seconds: float) -> None:
    """Ask in another document until all has been done once and the context is warm."""
    uri = f"{uri.rpartition('/')[0]}/warm.py"
    document = {"uri": uri, "languageId": "python", "version": 1, "text": _WARM}
    client.notify("textDocument/didOpen", {"textDocument": document})
    person = Person(client, uri, _WARM, "")
    async with asyncio.timeout(_LIMIT):
        while not person.ghost:
            await person.ask()
    await asyncio.sleep(seconds)
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})


def _few(ours: Run, naive: Run) -> Iterator[tuple[str, Figure]]:
    yield "requests", Figure(len(ours.answers), "1", len(naive.answers), _NAIVE)
    yield (
        "keys with ghost text before the next",
        Figure(ours.visible, "1", naive.visible, _NAIVE, more=True),
    )
    yield "tokens wasted", Figure(ours.wasted, "tokens", naive.wasted, _NAIVE)


def _along(ours: Run, naive: Run) -> Iterator[tuple[str, Figure]]:
    yield "requests", Figure(len(ours.answers), "1", len(naive.answers), _NAIVE, 3)
    yield (
        "keys with ghost text before the next",
        Figure(ours.visible, "1", naive.visible, _NAIVE, 0.95, more=True),
    )
    yield "tokens wasted", Figure(ours.wasted, "tokens", naive.wasted, _NAIVE, _TOKENS)
    first, floor = ours.seen.waits[:1], naive.seen.waits[:1]
    yield (
        "the first key to ghost text",
        Figure(middle(first), "ms", middle(floor), _NAIVE, _FIRST_GHOST),
    )
    if ours.screen:
        swapped = ours.screen.swapped_frames
        yield "frames that changed shown text", Figure(swapped, "1", 0, "none", 0)


def _against(ours: Run, naive: Run) -> Iterator[tuple[str, Figure]]:
    keys = len(ours.seen.keys)
    yield "requests", Figure(len(ours.answers), "1", len(naive.answers), _NAIVE, keys)
    (found, turned), (naively, all_of_them) = ours.diverging, naive.diverging
    yield "keys while an answer was written", Figure(found, "1", naively, _NAIVE)
    yield (
        "of these, answered by one cancel and one request",
        Figure(turned, "1", all_of_them, _NAIVE, 1, more=True),
    )
    left, naively = (ledger.left_running(it.answers) for it in (ours, naive))
    yield "answers left running", Figure(left, "1", naively, _NAIVE, 0)
    late, naively = (ledger.late(it.answers, it.seen.keys) for it in (ours, naive))
    yield "tokens after the next key", Figure(late, "tokens", naively, _NAIVE, _LATE)
    yield "tokens wasted", Figure(ours.wasted, "tokens", naive.wasted, _NAIVE)
    yield "key to cancel, p50", Figure(ours.stopped, "ms", naive.stopped, _NAIVE, 2)
    yield "key to request, p50", Figure(ours.requested, "ms", naive.requested, _NAIVE, 2)
    yield (
        "key to ghost text, p50",
        Figure(middle(ours.seen.waits), "ms", middle(naive.seen.waits), _NAIVE, _FIRST_GHOST),
    )
    yield (
        "keys with ghost text before the next",
        Figure(ours.visible, "1", naive.visible, _NAIVE, more=True),
    )


def _everywhere(ours: Run, naive: Run) -> Iterator[tuple[str, Figure]]:
    if screen := ours.screen:
        wrong = screen.faults + ours.seen.strange
        yield "stale and otherwise wrong frames", Figure(wrong, "1", 0, "none", 0)
    if spent := ours.spent:
        naively = naive.a_key(naive.seen.busy)
        whole = ours.a_key(spent.own + spent.children)
        yield "time of the processors a key", Figure(whole, "ms", naively, _NAIVE, _BUSY)
        of_it = ours.a_key(spent.children)
        yield "of it, the server's children", Figure(of_it, "ms", whole, "all of it")
    own = ours.a_key(ours.seen.busy)
    yield "time of the processors a key, this benchmark's own", Figure(own, "ms", 0, "none")
    late = percentile(ours.seen.late, 0.99)
    yield "lateness of the typist, p99", Figure(late, "ms", 0, "none")
