"""Which side an instruction goes to, and the sentences that say why."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.tasks.routing import Side, route
from tests.fixture import Fixture, fixtures

LINE = re.compile(r"(?:\[(\d+)\] )?(.*)", re.DOTALL)


def told(line: str) -> str:
    """Return where one instruction of the fixture goes; the number is of selected lines."""
    found = LINE.fullmatch(line)
    assert found
    went = route(found[2].replace(" / ", "\n"), "\n".join(["code"] * int(found[1] or 0)))
    return f"{went.side}: {line}\n" + "".join(f"    {why}\n" for why in went.reasons)


@pytest.mark.parametrize("path", fixtures("routing"))
def test_each_instruction_goes_where_the_table_says(path: Path, update: bool) -> None:
    fixture = Fixture.read(path)
    _, instructions = fixture.source

    fixture.expect("@routes", "".join(map(told, instructions.splitlines())), update=update)


@given(st.text(), st.text(), st.sampled_from(["foreground", "background"]))
def test_what_was_asked_for_outright_is_what_is_done(
    instruction: str, selection: str, side: Side
) -> None:
    assert side == route(instruction, selection, chosen=side).side


@given(st.text(), st.text())
def test_every_decision_has_a_reason_that_is_a_sentence(instruction: str, selection: str) -> None:
    reasons = route(instruction, selection).reasons

    assert reasons
    assert all(why.endswith(".") for why in reasons)


def test_an_instruction_of_any_length_is_judged_by_its_beginning() -> None:
    assert "background" == route("word " * 1_000_000).side
    assert "foreground" == route(" " * 1_000_000).side
