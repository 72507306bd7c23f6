"""The order in which files are parsed."""

import asyncio

import pytest

from spark_lsp.server.backlog import Backlog

PATHS = [
    "a.py", "z.py", "core/a.py", "core/b.py", "web/a.py", "web/parts/a.py", "web/parts/b.py",
    "web/parts/deep/a.py", "web/views/a.py", "core/far/away/a.py",
]  # fmt: skip


def drained(backlog: Backlog) -> list[str]:
    return list(iter(backlog.take, None))


def test_without_a_focus_files_come_as_they_were_found() -> None:
    backlog = Backlog()
    backlog.add(PATHS)

    assert len(PATHS) == len(backlog)
    assert PATHS == drained(backlog)
    assert not backlog


@pytest.mark.parametrize("early", [True, False])
def test_what_is_near_to_an_opened_file_comes_first_and_then_the_rest(early: bool) -> None:
    backlog = Backlog(["web/parts/x.py"] if early else [])
    backlog.add(PATHS)
    if not early:
        assert "a.py" == backlog.take()
        backlog.focus("web/parts/x.py")

    first = ["a.py", "z.py"] if early else ["z.py"]
    assert [
        "web/parts/a.py", "web/parts/b.py",
        "web/a.py", "web/parts/deep/a.py",
        *first, "web/views/a.py",
        "core/a.py", "core/b.py", "core/far/away/a.py",
    ] == drained(backlog)  # fmt: skip


def test_each_opened_file_counts() -> None:
    backlog = Backlog()
    backlog.add(PATHS)
    backlog.focus("core/far/away/x.py")
    backlog.focus("web/views/x.py")

    assert ["web/views/a.py", "core/far/away/a.py"] == [
        path for path in drained(backlog) if path.count("/") and "parts" not in path
    ][:2]


def test_what_is_added_late_is_ranked_too() -> None:
    backlog = Backlog(["web/x.py"])
    backlog.add(["core/a.py", "core/b.py"])
    assert "core/a.py" == backlog.take()
    backlog.add(["web/a.py", "core/c.py"])

    assert ["web/a.py", "core/b.py", "core/c.py"] == drained(backlog)


def test_what_is_not_admitted_is_passed_over() -> None:
    backlog = Backlog(admit=lambda path: path.startswith("web"))
    backlog.add(PATHS)

    assert [path for path in PATHS if path.startswith("web")] == drained(backlog)


def test_what_is_cleared_is_returned_and_gone() -> None:
    backlog = Backlog(admit=lambda _: False)
    backlog.add(PATHS)

    assert PATHS == backlog.clear()
    assert None is backlog.take()


async def test_takers_wait_until_there_is_something_or_never_will_be() -> None:
    backlog = Backlog()
    waiting = [asyncio.create_task(backlog.wait()) for _ in range(2)]
    await asyncio.to_thread(lambda: None)
    assert not any(task.done() for task in waiting)
    backlog.add(["a.py"])
    assert [True, True] == await asyncio.gather(*waiting)
    assert "a.py" == backlog.take()
    waiting = [asyncio.create_task(backlog.wait()) for _ in range(2)]
    await asyncio.to_thread(lambda: None)
    backlog.close()

    assert [False, False] == await asyncio.gather(*waiting)
