"""What benchmarks reckon with: figures, the typing of a text, and what a prefix cache saves."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from spark_lsp.cli.bench import command
from spark_lsp.cli.bench.corpus import caching, copied, corpus, indexed
from spark_lsp.cli.bench.figures import Figure, table
from spark_lsp.cli.bench.processes import VISIBLE, Spent, children, resident, spent
from spark_lsp.cli.bench.rehearsal import Rehearsal
from spark_lsp.cli.bench.retyping import PrefixCache, alike, bodies, measure, typing
from spark_lsp.cli.bench.rivals import spread
from spark_lsp.cli.errors import CommandError
from spark_lsp.core import languages
from spark_lsp.core.symbols import Definition, extract

CONTRACT = {"value", "unit", "baseline", "ratio", "budget", "ok"}
"""What DESIGN.md §4 fixes for `bench --json`; more is welcome."""

SOURCE = '''\
import re

class Clock:
    def tick(self, seconds):
        """Go on."""
        self.now += seconds
        return self.now

@cached
def wait(
    clock,
    seconds,
):
    for _ in range(seconds):
        clock.tick(1)
    if clock.now > seconds:
        return True
    return False

def short(): return 1
'''


def definitions(text: str) -> tuple[Definition, ...]:
    python = languages.by_id("python")
    assert python
    return extract(text, python).definitions


@pytest.mark.parametrize(
    ("figure", "ok", "ratio"),
    [
        (Figure(1.0, "ms", 2.0, "that", 1.0), True, 0.5),
        (Figure(1.1, "ms", 2.0, "that", 1.0), False, 0.55),
        (Figure(1.1, "ms", 2.0, "that", 1.0, more=True), True, 0.55),
        (Figure(0.9, "ms", 2.0, "that", 1.0, more=True), False, 0.45),
        (Figure(9.0, "ms", 0.0, "that, not installed"), True, None),
    ],
)
def test_a_figure_is_told_with_its_budget(figure: Figure, ok: bool, ratio: float | None) -> None:
    told = figure.as_json()

    assert told.keys() >= CONTRACT
    assert (ok, ratio) == (told["ok"], told["ratio"])
    assert told == json.loads(json.dumps(told))


def test_the_table_names_baselines_and_what_is_over() -> None:
    console = Console(width=120, file=io.StringIO(), record=True)
    results = {
        "index": {
            "cold": Figure(2345.6, "ms", 1000.0, "bare parses", 1400.0),
            "map": Figure(1.0, "ms", 0.0, "aider, not installed"),
        }
    }

    console.print(table(results))
    first, second = console.export_text().splitlines()[1:]

    assert " ".join(first.split()) == "index cold 2,346 ms 1,000 bare parses 2.35 ≤ 1,400 over"
    assert " ".join(second.split()) == "index map 1 ms aider, not installed - ok"


def test_the_command_prints_what_scripts_rely_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert not command.run(["text"], None, "", as_json=True)

    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["text"]
    assert all(figure.keys() >= CONTRACT for figure in told["text"].values())


@pytest.mark.parametrize(
    ("names", "repository", "file", "wrong"),
    [
        (["nonsense"], None, "", "nonsense"),
        (["text"], Path("missing"), "", "missing"),
        (["text"], Path(__file__).parent, "missing.py", "missing.py"),
    ],
)
def test_what_cannot_be_measured_is_said_in_a_sentence(
    names: list[str], repository: Path | None, file: str, wrong: str
) -> None:
    with pytest.raises(CommandError, match=wrong) as raised:
        command.run(names, repository, file, as_json=True)

    assert raised.value.status == 2


@given(st.lists(st.integers(0, 1000), max_size=40), st.integers(1, 5))
def test_work_is_spread_evenly(sizes: list[int], count: int) -> None:
    shares = spread(sizes, count)

    loads = [sum(sizes[at] for at in share) for share in shares]
    assert sorted(at for share in shares for at in share) == list(range(len(sizes)))
    assert max(loads) - min(loads) <= max(sizes, default=0)


def test_the_bodies_of_functions_are_typed_the_longest_first() -> None:
    shown = [SOURCE[start:end] for start, end in bodies(SOURCE, definitions(SOURCE))]

    assert [
        SOURCE[SOURCE.index("for _") : SOURCE.index("\n\ndef short")],
        SOURCE[SOURCE.index('"""Go') : SOURCE.index("\n\n@cached")],
    ] == shown


def test_typing_all_keys_writes_the_text_again() -> None:
    typed = typing(SOURCE, definitions(SOURCE), 1000)

    states = list(typed.states())
    assert "return" not in typed.start.replace("return 1", "")
    assert states[-1][0] == SOURCE
    assert all(
        after[:offset].endswith(key.new) and len(after) == len(before) + len(key.new)
        for before, (after, offset), key in zip(
            [typed.start, *(text for text, _ in states)], states, typed.keys, strict=False
        )
    )


@given(st.integers(0, 120))
def test_no_more_keys_are_typed_than_asked_for(most: int) -> None:
    assert most == len(typing(SOURCE, definitions(SOURCE), most).keys)


def test_an_indentation_comes_with_its_line() -> None:
    keys = [key.new for key in typing(SOURCE, definitions(SOURCE), 1000).keys]

    assert "\n        " in keys
    assert all(len(key) == 1 for key in keys if not key.startswith("\n"))


@given(st.text("ab"), st.text("ab"))
def test_what_two_texts_share_at_their_start(one: str, other: str) -> None:
    shared = alike(one, other)

    assert one[:shared] == other[:shared]
    assert one[shared : shared + 1] != other[shared : shared + 1] or shared in {
        len(one),
        len(other),
    }


@given(st.lists(st.builds("x".__mul__, st.integers(0, 9000)) | st.text("xy"), max_size=6))
def test_the_longest_prefix_of_any_prompt_before_is_cached(prompts: list[str]) -> None:
    cache = PrefixCache()
    for number, prompt in enumerate(prompts):
        assert max((alike(prompt, it) for it in prompts[:number]), default=0) == cache.common(
            prompt
        )
        cache.add(prompt)


def test_a_prompt_that_only_grows_costs_its_last_words() -> None:
    cache = PrefixCache()
    cache.add("def tick(self):\n    return self.n")

    assert cache.uncached("def tick(self):\n    return self.now + 1") <= 5
    assert cache.uncached("other words altogether") == 3


def test_a_rehearsed_key_sends_the_tail_alone(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    (root / "clock.py").write_text(SOURCE)
    for number in range(20):
        (root / f"other_{number}.py").write_text(SOURCE.replace("Clock", f"Clock{number}") * 20)
    catalog, report = indexed(root, tmp_path / "cache")
    typed = typing(SOURCE, definitions(SOURCE), 30)
    rehearsal = Rehearsal(catalog, "clock.py", typed.start, 32_000)

    measured = measure(typed, rehearsal.prompt)

    assert report.files == len(catalog.library.records) == 21
    assert measured.keys == len(rehearsal.keys.milliseconds) == len(rehearsal.keys.bytes) == 30
    assert measured.prompt > 5_000
    assert measured.uncached < 100
    assert max(rehearsal.keys.bytes[5:]) < 0.1 * rehearsal.keys.full[0]
    assert 0 < rehearsal.keys.kept <= rehearsal.keys.stable
    assert not {path.name for path in root.iterdir()} - {
        "clock.py",
        *(f"other_{number}.py" for number in range(20)),
    }


def test_a_part_of_a_corpus_has_so_many_lines(tmp_path: Path) -> None:
    root, part = tmp_path / "repository", tmp_path / "part"
    (root / "below").mkdir(parents=True)
    for name in ("a.py", "below/b.py", "c.py"):
        (root / name).write_text(SOURCE)
    measured = corpus(root, "", tmp_path)
    catalog, _ = indexed(measured.root, tmp_path / "cache")
    records = catalog.library.records

    lines = copied(root, records, part, files=3, lines=SOURCE.count("\n") + 5)

    assert measured.chosen(catalog) in records
    assert lines == 2 * (SOURCE.count("\n") + 1)
    assert sorted(it.name for it in part.rglob("*.py")) == ["a.py", "b.py"]


def test_caches_are_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_LSP_CACHE", "before")
    with caching(tmp_path):
        pass

    assert os.environ["SPARK_LSP_CACHE"] == "before"


def test_children_are_found_by_their_arguments() -> None:
    if not VISIBLE:
        return
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()", "marked"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        process.stdout.readline()

        assert children(os.getpid(), b"marked") == [process.pid]
        assert children(os.getpid(), b"unmarked") == []
        assert 1 < resident(process.pid) < 200

        process.communicate()


BUSY = """
import subprocess, sys, time
while time.process_time() < 0.1: pass
if sys.argv[1:]:
    silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    subprocess.run([sys.executable, "-c", sys.argv[1]], **silent)
    child = subprocess.Popen(
        [sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    child.stdout.readline()
print(flush=True)
sys.stdin.read()
"""
"""Takes a tenth of a second, as do a child that has ended and one that has not."""


def test_what_was_spent_is_told_apart_for_a_process_and_its_children() -> None:
    if not VISIBLE:
        return
    with subprocess.Popen(
        [sys.executable, "-c", BUSY, BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        after = spent(process.pid)
        process.communicate()

    assert after.own >= 0.09
    assert after.children >= 0.18
    assert Spent(0.0, 0.0) == after.since(after)
