"""Tasks and what they have done, as editors are told."""

from typing import Any

from spark_lsp.core.accounting.milestones import Milestone
from spark_lsp.core.tasks.offer import Abilities, Places
from spark_lsp.core.tasks.patch import Sides, patched
from spark_lsp.core.tasks.reasons import Account
from spark_lsp.core.tasks.task import Step, Task
from spark_lsp.server.tasks import telling
from spark_lsp.server.tasks.telling import Bar

TASK = Task("task-1", "Do it.", "task", 1_000.0, "running", doing="reading a.py")
PLACES = Places(lambda path: f"file:///w/{path}", {})


def test_a_bar_tells_the_step_what_is_done_the_tokens_and_the_time() -> None:
    told: list[dict[str, Any]] = []
    bar = Bar(told.append)
    steps = Step("look", "done"), Step("write", "running")
    bar.show(TASK.changed(steps=steps, used=1_500, window=128_000), 1_130.0)

    assert 50 == told[0]["percentage"]
    assert "write · reading a.py · 1,500 of 128,000 tokens · 2 min" == told[0]["message"]


def test_a_bar_is_told_of_what_has_changed_and_ends_once() -> None:
    told: list[dict[str, Any]] = []
    bar = Bar(told.append)
    for now in (1_000.0, 1_030.0, 1_060.0):
        bar.show(TASK, now)
    for _ in range(2):
        bar.show(TASK.over("done", 1_061.0), 1_061.0)

    assert ["begin", "report", "end"] == [it["kind"] for it in told]
    assert "reading a.py · 1 min" == told[1]["message"]
    assert bar.ended


def test_long_texts_are_cut_where_they_are_told_again_and_again() -> None:
    task = TASK.changed(
        said="x" * 9_000, doing="y" * 900, steps=(Step("z" * 900, "done"),) * 60, brief="secret"
    )
    told = telling.task(task)

    assert (4_000, 200, 50) == (len(told["said"]), len(told["doing"]), len(told["steps"]))
    assert told["steps"][0]["text"].endswith("…")
    assert "brief" not in told


def test_a_file_is_told_with_what_tells_its_text_from_any_other() -> None:
    def now(person: str | None) -> str:
        sides = Sides({"a": "1\n"}, {}, {"a": person} if person else {})
        files = telling.result(patched(sides, Account("")), PLACES, Abilities())["files"]
        return str(files[0]["now"])

    assert now("1\n") == now("1\n") != now("2\n")


def test_a_moment_is_told_in_words_and_with_the_time_of_day() -> None:
    moment = Milestone(7, "a.py", 10.0, 20.0, 3, 4, "\n    total = 1\n", "")

    assert {
        "id": "accepted-7",
        "kind": "accepted",
        "at": 1_010.0,
        "label": "before 3 suggestions in a.py",
        "detail": "from line 5 on: total = 1",
    } == telling.milestone(moment, "accepted-7", 1_000.0)
