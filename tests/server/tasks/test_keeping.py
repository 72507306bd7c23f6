"""What of tasks outlives a server."""

from pathlib import Path

import pytest

from spark_lsp.core.tasks.task import LEFT, Task
from spark_lsp.server.baseline import Presence
from spark_lsp.server.tasks.keeping import Keeping

DONE = Task("task-1", "Do it.", "task", 1.0, "done", 2.0, place="spark-1")


@pytest.fixture
def keeping(tmp_path: Path) -> Keeping:
    return Keeping(tmp_path / "state", tmp_path / "w")


def test_a_task_is_found_again_as_it_was(keeping: Keeping) -> None:
    keeping.save(DONE)

    assert [DONE] == keeping.all()
    assert {"spark-1"} == keeping.places()


def test_one_that_was_at_work_is_said_to_be_left(keeping: Keeping) -> None:
    keeping.save(DONE.changed(state="running", ended=None))
    (left,) = keeping.all()

    assert ("left", LEFT) == (left.state, left.message)


@pytest.mark.parametrize(("held", "state"), [(True, "running"), (False, "left")])
def test_one_that_another_server_works_on_is_told_as_long_as_it_does(
    keeping: Keeping, tmp_path: Path, *, held: bool, state: str
) -> None:
    home = tmp_path / "state" / "spark-1"
    home.mkdir(parents=True)
    presence = Presence(home)
    keeping.save(DONE.changed(state="running", ended=None))
    if not held:
        presence.close()
    found = keeping.one("task-1")
    presence.close()

    assert found is not None
    assert (state, held) == (found.state, found.elsewhere)


def test_a_workspace_that_is_opened_by_a_link_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "w")
    Keeping(tmp_path, tmp_path / "link").save(DONE)

    assert DONE == Keeping(tmp_path, tmp_path / "w").one("task-1")


def test_tasks_of_other_workspaces_are_not_told_but_their_places_are(tmp_path: Path) -> None:
    Keeping(tmp_path, tmp_path / "other").save(DONE)

    keeping = Keeping(tmp_path, tmp_path / "w")

    assert ([], {"spark-1"}) == (keeping.all(), keeping.places())


def test_what_cannot_be_read_is_passed_over(keeping: Keeping, tmp_path: Path) -> None:
    keeping.save(DONE)
    (tmp_path / "state" / "task-2.json").write_bytes(b"\xff")

    assert [DONE] == keeping.all()
    assert keeping.places() is None, "nobody knows which places are still wanted"


def test_the_oldest_of_very_many_are_forgotten_with_their_places(keeping: Keeping) -> None:
    for number in range(102):
        name = f"task-{number:03}"
        keeping.save(Task(name, "Do it.", "task", float(number), "done", place=f"spark-{number}"))
    tasks, places = keeping.all(), keeping.places()

    assert ("task-002", 100) == (tasks[0].id, len(tasks))
    assert places is not None
    assert not {"spark-0", "spark-1"} & places
    assert keeping.all() == tasks


def test_what_is_forgotten_is_gone_and_may_be_forgotten_twice(keeping: Keeping) -> None:
    keeping.save(DONE)
    keeping.forget("task-1")
    keeping.forget("task-1")

    assert ([], set()) == (keeping.all(), keeping.places())


def test_a_file_is_nobody_elses_business(keeping: Keeping, tmp_path: Path) -> None:
    keeping.save(DONE)

    assert 0o600 == (tmp_path / "state" / "task-1.json").stat().st_mode & 0o777


def test_a_disk_that_takes_nothing_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    Keeping(tmp_path / "file", tmp_path).save(DONE)
