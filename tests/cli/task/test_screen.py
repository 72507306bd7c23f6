"""What a person sees of a task is what there is."""

import io

import pytest
from rich.console import Console

from spark_lsp.cli.task.command import confirmed
from spark_lsp.cli.task.screen import plain, visible


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
