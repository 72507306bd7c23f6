"""What is kept, what is told, and how it ends."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.accuracy import __main__ as command
from benchmarks.accuracy.digest import digest
from benchmarks.accuracy.table import ALL, Row, read, write

WAS = Row(ALL, "go", 9, 4, 0.5, 0.4, 0.3, 0.7, 0.6, 0.5, 0.8, 0.3, 0.2, 0.1, 0.05)
BETTER = replace(WAS, exact=0.6)
WORSE = replace(WAS, exact=0.4)
SENTENCE = "the engine has become worse: exact from 50.0 % to 40.0 %\n"


@pytest.mark.parametrize(
    ("arguments", "now", "status", "told", "kept"),
    [
        ("", BETTER, 0, "", BETTER),
        ("", WORSE, 0, SENTENCE, WORSE),
        ("--check", BETTER, 0, "", WAS),
        ("--check", WORSE, 1, SENTENCE, WAS),
        ("--only click", WORSE, 0, "", WAS),
        ("--tasks 7", BETTER, 0, "", WAS),
        ("--only click --check", WORSE, 2, "--check compares the whole set", WAS),
        ("--only nothing", WORSE, 2, "choose from click, flask", WAS),
        ("--tasks 0", WORSE, 2, "name a number from 1 on", WAS),
    ],
)
def test_figures_of_the_whole_set_are_kept_and_a_check_keeps_nothing(
    arguments: str,
    *,
    now: Row,
    status: int,
    told: str,
    kept: Row,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    figures, engine = tmp_path / "figures.csv", tmp_path / "figures.engine"
    write(figures, [WAS])
    monkeypatch.setattr(command, "FIGURES", figures)
    monkeypatch.setattr(command, "MEASURED", engine)
    monkeypatch.setattr(command, "_measured", lambda *_: [now])
    monkeypatch.setattr("sys.argv", ["accuracy", *arguments.split()])
    try:
        ended: object = command.main()
    except SystemExit as error:
        ended = error.code

    said = capsys.readouterr().err
    assert (status, [kept]) == (ended, read(figures))
    assert told in said if status == 2 else told == said
    assert ("" if arguments else f"{digest()}\n") == (engine.read_text() if engine.exists() else "")
