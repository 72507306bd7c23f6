"""`spark-lsp eval` as a person or a script calls it: real processes, a small repository."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from spark_lsp.cli.evaluation.sources import KINDS
from tests.cli.evaluation.test_asking import always
from tests.cli.test_command_line import called, command, environment, everything, interrupted
from tests.model import scripted_model

CONTRACT = {
    "tasks", "exact_match", "edit_similarity", "shown", "shown_exact", "saved",
    "calibration_error", "by_kind", "by_language", "baselines",
}  # fmt: skip
"""What DESIGN.md §4 fixes for `eval --json`; more is welcome."""
FIGURES = CONTRACT - {"by_kind", "by_language", "baselines"} | {"shown_right"}
UNITS = """\
SECONDS_PER_UNIT = {"s": 1, "min": 60, "h": 3600}


def split_duration(text):
    number, _, unit = text.partition(" ")
    return int(number), unit
"""
USER = """\
from units import SECONDS_PER_UNIT, split_duration


def {name}(text):
    number, unit = split_duration(text)
    if unit not in SECONDS_PER_UNIT:
        raise ValueError(text)
    return number * SECONDS_PER_UNIT[unit]
"""
SCRIPT = """\
import { log } from "./log";

export function told(text) {
  log(text);
  return text;
}
"""
FEW = ("--tasks", "5", "--files", "2")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    path.mkdir()
    (path / "units.py").write_text(UNITS, "utf-8")
    for name in ("first", "second", "third"):
        (path / f"{name}.py").write_text(USER.format(name=name), "utf-8")
    (path / "told.js").write_bytes(SCRIPT.replace("\n", "\r\n").encode())
    (path / "README.md").write_text("# Units\n\nNo code.\n", "utf-8")
    return path


def test_an_evaluation_prints_one_object_and_changes_no_file(root: Path) -> None:
    before = everything(root)
    done = called(root.parent, "eval", "--json", *FEW, str(root))
    told = json.loads(done.stdout)

    assert (0, "") == (done.returncode, done.stderr)
    assert 1 == done.stdout.count("\n")
    assert told.keys() >= CONTRACT | {"exact_match_blind", "unique", "model", "errors"}
    assert ("embedded", 0) == (told["model"], told["errors"])
    assert told["by_kind"].keys() == {*KINDS, "duplicated"}
    assert {"javascript", "python"} == told["by_language"].keys()
    assert {"buffer_words", "file_cache"} == told["baselines"].keys()
    assert told["tasks"] == sum(told["by_kind"][kind]["tasks"] for kind in KINDS)
    groups: list[dict[str, Any]] = [
        *told["by_kind"].values(), *told["by_language"].values(), *told["baselines"].values()
    ]  # fmt: skip
    for group in (told, told["unique"], *groups):
        assert group.keys() >= FIGURES
        assert all(0 <= group[key] <= 1 for key in ("exact_match", "shown", "shown_exact"))
    assert before == everything(root)


def test_the_engine_is_asked_once_it_has_learned(root: Path) -> None:
    """All of what is held out of one of the files stands in two others."""
    done = called(root, "eval", "--json", "--tasks", "40", "--files", "0", ".")
    told = json.loads(done.stdout)

    assert 0 == done.returncode
    assert told["by_kind"]["duplicated"]["tasks"] > 0
    assert told["by_kind"]["duplicated"]["exact_match"] > 0.5
    assert told["saved"] is None


def test_an_evaluation_tells_people_tables(root: Path) -> None:
    done = called(root, "eval", *FEW, ".")

    assert (0, "") == (done.returncode, done.stderr)
    for said in ("answered by embedded", "rest of a line", "body of a function", "python"):
        assert said in done.stdout
    assert "…" not in done.stdout
    assert "\x1b" not in done.stdout


def test_a_picture_is_saved_where_it_is_wanted(root: Path) -> None:
    picture = root.parent / "picture.svg"
    done = called(root, "eval", *FEW, "--json", "--picture", str(picture), ".")

    assert 0 == done.returncode
    assert picture.read_text("utf-8").startswith("<svg")


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["missing"], 2, "there is no directory missing"),
        (["units.py"], 2, "there is no directory units.py"),
        (["empty"], 2, "holds no code"),
        ([".", "--tasks", "0"], 2, "--tasks"),
        ([".", "--config", "missing.toml"], 2, "missing.toml"),
        ([".", "--picture", "missing/a.svg"], 2, "--picture"),
        ([".", "--config", "off.toml"], 1, "switched off"),
    ],
)
def test_what_cannot_be_evaluated_is_told_in_one_line(
    root: Path, arguments: list[str], status: int, told: str
) -> None:
    (root / "empty").mkdir()
    (root / "off.toml").write_text("enabled = false\n", "utf-8")
    done = called(root, "eval", *arguments)

    assert (status, "") == (done.returncode, done.stdout)
    assert told in done.stderr
    assert 1 == done.stderr.count("\n"), done.stderr


async def test_any_model_can_be_evaluated(root: Path) -> None:
    async with scripted_model() as model:
        config = root.parent / "model.toml"
        config.write_text(model.config("fast"), "utf-8")
        answering = asyncio.create_task(always(model, "_unlikely"))
        process = await asyncio.create_subprocess_exec(
            *command(
                "eval", "--json", "--tasks", "3", "--files", "1", "--config", str(config), "."
            ),
            cwd=root,
            env=environment(root),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        answering.cancel()
    told = json.loads(out)

    assert ("fast at mine", 0) == (told["model"], told["errors"])
    assert 0 == process.returncode
    assert 0 == told["exact_match"]
    assert told["shown"] > 0


def test_an_interrupted_evaluation_leaves_no_process_behind(root: Path) -> None:
    assert (130, "", "") == interrupted(root, "eval", "--json", ".")
