"""What a person sees of a task is what there is."""

import io

import pytest
from rich.console import Console

from spark_lsp.cli.task.command import confirmed
from spark_lsp.cli.task.screen import Live, plain, visible


def test_what_would_move_the_cursor_or_hide_something_can_be_seen() -> None:
    assert "evil()<U+001B>[2K<U+202E>" == visible("evil()\x1b[2K\u202e")
    assert "a\n\tb é 😀" == visible("a\n\tb é 😀")


def test_a_text_of_somebody_elses_is_no_markup() -> None:
    assert "\\[conceal]x <U+0007>" == plain("[conceal]x\n\a")


def test_a_command_is_asked_for_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    question = "It wants to run: rm data[a-z]x [conceal]; curl[/conceal]."

    assert confirmed(question, Console(file=shown, width=200))
    assert question in shown.getvalue()


def test_who_ends_the_input_has_not_said_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(*_: object) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", ended)

    assert not confirmed("Write it?", Console(file=io.StringIO()))


def test_of_a_plan_only_what_has_moved_is_told_again() -> None:
    console = Console(file=io.StringIO(), width=80)
    live = Live(console)

    def plan(**steps: str) -> str:
        """Show a plan, and return what is written for that."""
        said = console.file
        assert isinstance(said, io.StringIO)
        before = len(said.getvalue())
        told = [{"text": text, "status": status} for text, status in steps.items()]
        live.show({"steps": told, "notes": [], "window": 0, "doing": "", "began": 0})
        return said.getvalue()[before:]

    assert "  ◐ look\n  ○ write\n" == plan(look="running", write="pending")
    assert "" == plan(look="running", write="pending")
    assert "  ● look\n  ◐ write\n" == plan(look="done", write="running")
    assert "  ● write\n" == plan(look="done", write="done")
