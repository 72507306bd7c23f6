"""`spark-lsp stats`: the figures as a person and as a script read them."""

import json
import time
from argparse import Namespace
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from spark_lsp.cli import stats
from spark_lsp.cli.errors import CommandError
from spark_lsp.core.effects import Count
from spark_lsp.server.tally import Book, Row
from tests.cli.test_command_line import called

DAY = 24 * 3600.0
NOW = time.mktime((2026, 11, 26, 12, 0, 0, 0, 0, -1))
PATH = Path("data/stats.sqlite3")


def answers(at: float, number: int, language: str = "python") -> Iterator[Row]:
    """Yield what becomes of some answers, a third of which are accepted."""
    for answer in range(number):
        first, shown = 0.05 + answer / 1000, 1.0 + answer % 3
        figures = (language, 40, 2)
        yield at, Count("completion", "shown", *figures, shown, first=first, source="model")
        match answer % 3:
            case 0:
                what = "accepted"
                yield at, Count("completion", what, *figures, shown, reason="all", source="model")
                for after, share in ((30.0, 1.0), (120.0, 0.9), (600.0, 0.75)):
                    yield at, Count("completion", "kept", *figures, after, share=share)
            case 1:
                yield at, Count("completion", "rejected", *figures, shown, reason="typed over")
            case _:
                yield at, Count("completion", "typed", *figures, shown)


ROWS: list[Row] = [
    *answers(NOW - 300 * DAY, 900, "go"),
    *answers(NOW - 3 * DAY, 90),
    *answers(NOW - 3600, 9),
    (NOW - 3600, Count("completion", "shown", "", 9, 1, 2.0, first=3.25, source="cache")),
    (NOW - 3600, Count("completion", "accepted", "", 3, 1, 2.0, reason="word", source="cache")),
    (NOW - 3600, Count("completion", "more", "", 3, 1, 2.5, reason="word", source="cache")),
    (NOW - 3600, Count("next", "shown", "rust", 5, 1, 20.0, source="engine")),
    (NOW - 3600, Count("next", "rejected", "rust", 5, 1, 20.0, reason="sent away")),
    (NOW - 3600, Count("completion", "glimpsed", "rust", 5, 1, 0.2, source="model")),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".local" / "share" / "spark-lsp" / "stats.sqlite3"


def write(path: Path, rows: list[Row]) -> None:
    book = Book(path)
    book.write(rows)
    book.close()


def lines(path: Path, days: int | None = None) -> list[str]:
    sink = StringIO()
    console = Console(file=sink, width=100)
    for part in stats.as_tables(stats.gathered(path, NOW, days), PATH, days):
        console.print(part)
    return [line.rstrip() for line in sink.getvalue().splitlines()]


TABLE = """
suggestions                     today     7 days        all
shown                              11        101      1,001  long enough to be read
accepted                            4         34        334
  rate                            36%        34%        33%  of what was shown
  all at once                       3         33        333
  word by word                      2          2          2  each one counted
characters accepted               126      1,326     13,326
  keys saved                      121      1,291     12,991  an acceptance costs one
  left after 30 s                100%       100%       100%  of the accepted characters
  left after 2 min                90%        90%        90%  of the accepted characters
  left after 10 min               75%        75%        75%  of the accepted characters
typed along to the end              3         33        333  without accepting
not accepted                        4         34        334
  typed over                        3         33        333
  sent away                         1          1          1
time to first text              54 ms      90 ms     450 ms  median, from the request
                                3.2 s     135 ms     900 ms  19 of 20 were faster
time shown until accepted       1.0 s      1.0 s      1.0 s  median
  otherwise                     2.0 s      2.0 s      2.0 s  median
gone at a glance                    1          1          1  in none of these

language                        shown   accepted       rate  keys saved
go                                900        300        33%      11,700
python                             99         33        33%       1,287
other                               1          1       100%           4
rust                                1          0         0%           0

kind                            shown   accepted       rate  keys saved
completions                     1,000        334        33%      12,991
next edits                          1          0         0%           0

from                            shown   accepted       rate  keys saved
the model                         999        333        33%      12,987
the model, in hand already          1          1       100%           4
found without a model               1          0         0%           0

All of this stays on this machine, in data/stats.sqlite3
"""


def test_people_are_told_today_a_week_and_all(path: Path) -> None:
    write(path, ROWS)

    assert TABLE.strip("\n").split("\n") == lines(path)


def test_drafts_are_told_apart_from_what_the_model_has_written(path: Path) -> None:
    draft = [
        Count("completion", what, "python", 5, 1, 2.0, reason="all", source="draft")
        for what in ("shown", "shown", "accepted")
    ]
    write(path, [*ROWS, *((NOW, count) for count in draft)])
    told = lines(path)

    assert "drafts of the engine                2          1        50%           4" in told
    assert "the model                         999        333        33%      12,987" in told


@pytest.mark.parametrize(
    ("days", "columns"),
    [(1, ["today", "1 day"]), (7, ["today", "7 days"]), (30, ["today", "7 days", "30 days"])],
)
def test_so_many_days_take_the_place_of_all(path: Path, days: int, columns: list[str]) -> None:
    write(path, ROWS)
    heads = [line for line in lines(path, days) if line.startswith("suggestions")]

    assert ["suggestions", *" ".join(columns).split()] == heads[0].split()
    assert "900" not in "".join(lines(path, days))


def test_what_stands_in_the_file_is_no_markup(path: Path) -> None:
    count = Count("completion", "shown", "[red]c[/red]", 1, 1, 1.0)
    write(path, [(NOW, count), (NOW, Count("completion", "rejected", reason="[b]left[/b]"))])
    told = lines(path)

    assert any(line.startswith("[red]c[/red]") for line in told)
    assert any("[b]left[/b]" in line for line in told)


def test_json_has_the_same_figures(path: Path) -> None:
    write(path, ROWS)
    told = {name: stats.as_json(it) for name, it in stats.gathered(path, NOW, None).items()}

    assert {"today", "week", "all"} == told.keys()
    assert (11, 101, 1001) == tuple(it["shown"] for it in told.values())
    assert TODAY == told["today"]


TODAY: dict[str, Any] = {
    "shown": 11,
    "glimpsed": 1,
    "accepted": 4,
    "rate": 0.3636,
    "typed": 3,
    "rejected": 4,
    "characters_accepted": 126,
    "saved_characters": 121,
    "first_text": {"p50": 54.0, "p95": 3250.0},
    "shown_for": {"accepted": 1000.0, "rejected": 2000.0},
    "whole": 3,
    "partial": {"word": 2, "line": 0, "part": 0},
    "rejections": {"typed over": 3, "sent away": 1},
    "kept": {
        "30 s": {"share": 1.0, "texts": 3, "characters": 120},
        "2 min": {"share": 0.9, "texts": 3, "characters": 120},
        "10 min": {"share": 0.75, "texts": 3, "characters": 120},
    },
    "by_language": {
        "python": {"shown": 9, "accepted": 3, "rate": 0.3333, "saved_characters": 117},
        "": {"shown": 1, "accepted": 1, "rate": 1.0, "saved_characters": 4},
        "rust": {"shown": 1, "accepted": 0, "rate": 0.0, "saved_characters": 0},
    },
    "by_kind": {
        "completion": {"shown": 10, "accepted": 4, "rate": 0.4, "saved_characters": 121},
        "next": {"shown": 1, "accepted": 0, "rate": 0.0, "saved_characters": 0},
    },
    "by_source": {
        "model": {"shown": 9, "accepted": 3, "rate": 0.3333, "saved_characters": 117},
        "cache": {"shown": 1, "accepted": 1, "rate": 1.0, "saved_characters": 4},
        "engine": {"shown": 1, "accepted": 0, "rate": 0.0, "saved_characters": 0},
    },
}


# As it is called: a real process each, whose home is beside its directory.


@pytest.fixture
def root(path: Path) -> Path:
    root = path.parents[4] / "home" / "repository"
    root.mkdir(parents=True)
    return root


@pytest.mark.parametrize(
    ("options", "when"), [([], "yet"), (["--days", "1"], "today"), (["--days", "9"], "9 days")]
)
def test_where_nothing_was_counted_a_sentence_says_so(
    root: Path, path: Path, options: list[str], when: str
) -> None:
    done = called(root, "stats", *options)
    nothing, _, where = done.stdout.splitlines()

    assert (0, "") == (done.returncode, done.stderr)
    assert nothing.startswith("Nothing has been counted ")
    assert when in nothing
    assert where == f"All of this stays on this machine, in {path}"
    assert not path.exists()


def test_where_counting_is_switched_off_the_sentence_says_that(root: Path) -> None:
    file = root.parent / "config" / "spark-lsp" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("stats = false\n", "utf-8")
    done = called(root, "stats")
    file.write_text("stats = 7\n", "utf-8")
    wrong = called(root, "stats")

    assert done.stdout.startswith("Nothing is counted: stats = false")
    assert wrong.stdout.startswith("Nothing has been counted yet")


def test_json_is_one_object_and_nothing_else(root: Path, path: Path) -> None:
    write(path, [(time.time(), count) for at, count in ROWS if at > NOW - DAY])
    done = called(root, "stats", "--json", "--days", "2")
    told = json.loads(done.stdout)

    assert (0, "") == (done.returncode, done.stderr)
    assert 1 == done.stdout.count("\n")
    assert (str(path), 2) == (told["file"], told["days"])
    assert TODAY == told["all"] == told["week"]


def test_people_are_told_tables_without_colours_where_they_cannot_be_seen(
    root: Path, path: Path
) -> None:
    write(path, [(time.time(), count) for _, count in ROWS])
    done = called(root, "stats")

    assert (0, "") == (done.returncode, done.stderr)
    assert "\x1b" not in done.stdout
    assert done.stdout.startswith("suggestions")
    assert f"All of this stays on this machine, in {path}\n" in done.stdout


def test_a_file_that_cannot_be_read_is_a_failure_in_one_line(root: Path, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database at all" * 100)
    done = called(root, "stats", "--json")

    assert (1, "") == (done.returncode, done.stdout)
    assert str(path) in done.stderr
    assert "remove it to begin anew" in done.stderr
    assert 1 == done.stderr.count("\n")


def test_so_many_days_are_a_number(root: Path) -> None:
    done = called(root, "stats", "--days", "0")

    assert (2, "") == (done.returncode, done.stdout)
    assert "--days: say a number from 1 to 400" in done.stderr


def test_a_damaged_file_is_told_as_what_to_do(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_LSP_DATA", str(path.parent))
    path.mkdir(parents=True)

    with pytest.raises(CommandError, match="cannot be read"):
        stats.run(Namespace(days=None, json=True))
