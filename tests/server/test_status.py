"""What an editor is told of how things stand."""

from typing import Any

from spark_lsp.server.status import Status, StatusLine


def test_nothing_is_told_before_the_editor_is_ready_and_then_only_the_latest() -> None:
    told: list[dict[str, Any]] = []
    line = StatusLine(told.append)
    line.show(Status("Normal", "connecting to mine", busy=True))
    line.show(Status("Normal", "mine"))

    assert [] == told
    line.ready()
    assert [{"kind": "Normal", "message": "mine", "busy": False}] == told


def test_the_same_is_not_told_twice() -> None:
    told: list[dict[str, Any]] = []
    line = StatusLine(told.append)
    line.ready()
    for _ in range(3):
        line.show(Status("Error", "nobody answers"))

    assert 1 == len(told)
