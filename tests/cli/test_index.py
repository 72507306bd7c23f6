"""`spark-lsp index`: as a person or a script calls it, and how its figures are told."""

import json
import os
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest
from rich.console import Console

from spark_lsp.cli.index import as_json, as_tables, size
from spark_lsp.core import tokens
from spark_lsp.server.inventory import Report
from spark_lsp.server.store import open_store
from tests.cli.test_command_line import SOURCE, command, environment, family
from tests.heard import PATIENCE

CONTRACT = {
    "files", "lines", "bytes", "definitions", "tokens", "languages", "skipped", "seconds", "warm",
    "store_bytes",
}  # fmt: skip
"""What DESIGN.md §4 fixes for `index --json`; more is welcome."""

FILES = {
    "a.py": SOURCE,
    "b.py": SOURCE.replace("first", "erste"),
    "empty.py": "",
    "notes.txt": "some words\r\nand more\r\n",
    "web/index.js": "export function start() {}\n",
}
LEFT_OUT = {
    ".gitignore": ("ignored.py\n", None),
    "ignored.py": (SOURCE, "ignored"),
    ".env": ("KEY=1\n", "secret by name"),
    "node_modules/a.js": ("1\n", "vendored directory"),
    "data.bin": ("\0\1\2", "binary"),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    for name, text in FILES.items() | {(name, text) for name, (text, _) in LEFT_OUT.items()}:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(text.encode())
    return path


def surroundings(root: Path) -> dict[str, str]:
    """Return an environment with a cache of its own, beside the directory."""
    return environment(root) | {"SPARK_LSP_CACHE": str(root.parent / "cache")}


def called(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=root,
        env=surroundings(root),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def indexed(root: Path) -> dict[str, Any]:
    done = called(root, "index", ".", "--json")
    assert (0, "", 1) == (done.returncode, done.stderr, done.stdout.count("\n"))
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_an_index_is_told_as_one_object_with_exact_figures(root: Path) -> None:
    told = indexed(root)
    known = FILES | {".gitignore": LEFT_OUT[".gitignore"][0]}

    assert told.keys() >= CONTRACT
    assert len(known) == told["files"] == sum(told["languages"].values())
    assert sum(len(text.encode()) for text in known.values()) == told["bytes"]
    assert sum(map(tokens.count, known.values())) == told["tokens"]
    assert 7 == told["definitions"]
    assert {"python": 3, "text": 2, "javascript": 1} == told["languages"]
    assert {reason: 1 for _, reason in LEFT_OUT.values() if reason} == told["skipped"]
    assert told["seconds"] > 0
    assert told["store_bytes"] > 0


def test_what_is_known_is_not_parsed_again(root: Path) -> None:
    cold, warm = indexed(root), indexed(root)
    (root / "a.py").write_text("def other(): ...\n", "utf-8")
    changed = indexed(root)

    assert (False, True, False) == (cold["warm"], warm["warm"], changed["warm"])
    assert {**cold, "seconds": 0, "warm": 0} == {**warm, "seconds": 0, "warm": 0}
    assert changed["tokens"] < cold["tokens"]


def test_tokens_are_exact_also_in_a_store_that_was_filled_without_counting(root: Path) -> None:
    """As a server fills it, which has no use for them."""
    assert 0 == called(root, "context", "a.py:1:1", "--workspace", ".", "--json").returncode
    first, second = indexed(root), indexed(root)

    assert first["tokens"] == second["tokens"] > sum(map(tokens.count, FILES.values()))
    assert (False, True) == (first["warm"], second["warm"])


def test_people_are_told_a_table(root: Path) -> None:
    done = called(root, "index", ".")

    assert (0, "") == (done.returncode, done.stderr)
    assert "\x1b" not in done.stdout
    for word in ("definitions", "tokens", "python", "secret by name", "cold"):
        assert word in done.stdout


def test_an_empty_directory_has_an_index(root: Path) -> None:
    (root / "nothing").mkdir()
    done = called(root, "index", "nothing", "--json")

    assert 0 == done.returncode
    assert {0} == {json.loads(done.stdout)[key] for key in ("files", "lines", "tokens", "bytes")}
    assert 0 == called(root, "index", "nothing").returncode


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "DIR"),
        (["missing"], "missing"),
        (["a.py"], "a.py"),
        (["missing\nlines"], "missing lines"),
        ([".", "--jason"], "--jason"),
        (["x" * 5000], "no directory"),
    ],
    ids=["nothing", "missing", "a file", "lines", "options", "a long name"],
)
def test_wrong_usage_is_one_line(root: Path, arguments: list[str], told: str) -> None:
    done = called(root, "index", *arguments)

    assert (2, "", 1) == (done.returncode, done.stdout, done.stderr.count("\n"))
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_store_is_rebuilt_and_one_sentence_says_so(root: Path) -> None:
    before = indexed(root)
    (store,) = (root.parent / "cache" / "index").glob("*.sqlite")
    store.write_bytes(b"no database" * 1000)
    done = called(root, "index", ".", "--json")
    told = json.loads(done.stdout)

    assert 0 == done.returncode
    assert "spark-lsp: the index on disk was damaged and has been rebuilt\n" == done.stderr
    assert (before["tokens"], False) == (told["tokens"], told["warm"])


def test_a_cache_that_cannot_be_written_costs_the_cache_alone(root: Path) -> None:
    (root.parent / "cache").write_text("a file", "utf-8")
    done = called(root, "index", ".", "--json")

    assert (0, 1) == (done.returncode, done.stderr.count("\n"))
    assert "cannot be stored" in done.stderr
    assert (6, 0) == tuple(json.loads(done.stdout)[key] for key in ("files", "store_bytes"))


def test_an_interrupted_index_leaves_no_process_behind_and_its_store_intact(root: Path) -> None:
    for number in range(400):
        (root / f"m{number}.py").write_text(SOURCE.replace("first", f"f{number}") * 9, "utf-8")
    with subprocess.Popen(
        command("index", "--json", "."),
        cwd=root,
        env=surroundings(root),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as index:
        children = family(index.pid, "spark_lsp.server.parse_worker")
        os.killpg(index.pid, signal.SIGINT)  # as a terminal does
        out, errors = index.communicate(timeout=PATIENCE)
        _, alive = psutil.wait_procs(children, timeout=PATIENCE)

    assert (130, "", "") == (index.returncode, out, errors)
    assert [] == alive
    for store in (root.parent / "cache" / "index").glob("*.sqlite"):
        connection = sqlite3.connect(store)
        assert [("ok",)] == connection.execute("PRAGMA integrity_check").fetchall()
        connection.close()
    assert 406 == indexed(root)["files"]


def test_two_at_a_time_do_not_hinder_each_other(root: Path) -> None:
    processes = [
        subprocess.Popen(
            command("index", "--json", "."),
            cwd=root,
            env=surroundings(root),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    told = [process.communicate(timeout=60) for process in processes]

    assert [b"", b""] == [errors for _, errors in told]
    assert 1 == len({json.loads(out)["tokens"] for out, _ in told})


def test_the_figures_of_nothing_and_of_much_fit_a_terminal() -> None:
    much = Report(10**5, 10**8, 10**10, 10**6, 10**9, {"python": 10**5}, {"x": 3}, 1.5, warm=True)
    for report in (Report(), much):
        console = Console(width=80, record=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
        for table in as_tables(report):
            console.print(table)
        console.file.close()
        assert as_json(report) == json.loads(json.dumps(as_json(report)))
        assert f"{report.tokens:,}" in (text := console.export_text())
        assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (34_800_000, "34.8 MB")],
)
def test_bytes_are_told_in_few_digits(count: int, told: str) -> None:
    assert told == size(count)


def test_the_cache_of_whoever_runs_the_tests_is_left_alone(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_LSP_CACHE", str(root.parent / "elsewhere"))
    store = open_store(root)
    store.close()

    assert store.path.startswith(str(root.parent / "elsewhere"))
