"""The progress bar in the editor: asked for once, begun, never going back, ended."""

from concurrent.futures import Future
from typing import Any

from spark_lsp.server.progress import Bar


class Editor:
    """An editor that is asked for a bar, and what it was told."""

    def __init__(self) -> None:
        self.asked: list[Future[None]] = []
        self.told: list[dict[str, Any]] = []
        self.bar = Bar(self.ask, self.told.append)

    def ask(self) -> Future[None]:
        self.asked.append(Future())
        return self.asked[-1]

    @property
    def kinds(self) -> list[str]:
        return [value["kind"] for value in self.told]


def test_nothing_is_asked_before_the_editor_is_ready() -> None:
    editor = Editor()
    editor.bar.show(1, 10, ended=False)
    assert not editor.asked

    editor.bar.ready()
    assert 1 == len(editor.asked)


def test_a_bar_begins_when_the_editor_has_made_it_and_ends_once() -> None:
    editor = Editor()
    editor.bar.ready()
    editor.bar.show(1, 10, ended=False)
    editor.bar.show(2, 10, ended=False)
    assert 1 == len(editor.asked)
    assert not editor.told

    editor.asked[0].set_result(None)
    editor.bar.show(7, 10, ended=False)
    editor.bar.show(10, 10, ended=True)
    assert ["begin", "report", "report", "end"] == editor.kinds
    assert [20, 70] == [it["percentage"] for it in editor.told if it["kind"] == "report"]


def test_work_that_is_over_before_there_is_a_bar_is_not_shown() -> None:
    editor = Editor()
    editor.bar.ready()
    editor.bar.show(1, 10, ended=False)
    editor.bar.show(10, 10, ended=True)
    editor.asked[0].set_result(None)

    assert [] == editor.kinds


def test_an_editor_that_refuses_a_bar_is_shown_none() -> None:
    editor = Editor()
    editor.bar.ready()
    editor.bar.show(1, 10, ended=False)
    editor.asked[0].set_exception(ValueError("no bars here"))
    editor.bar.show(2, 10, ended=False)

    assert [] == editor.kinds
