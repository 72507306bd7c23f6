"""Requests that the session has nothing to do with are answered once, whatever happens."""

from functools import partial
from typing import Any

import pytest

from spark_lsp.server.asides import CANCELLED, Asides


@pytest.fixture
def sent() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def asides(sent: list[dict[str, Any]]) -> Asides:
    return Asides(sent.append)


def test_what_is_said_after_the_first_answer_is_not_heard(
    asides: Asides, sent: list[dict[str, Any]]
) -> None:
    aside = asides.begin(1)
    aside.result(2)
    aside.refuse(3, "no")
    asides.close()

    assert [{"id": 1, "result": 2}] == sent


def test_one_that_is_withdrawn_is_answered_and_the_work_on_it_ended(
    asides: Asides, sent: list[dict[str, Any]]
) -> None:
    ended: list[str] = []
    asides.begin("a").doing(lambda: ended.append("a"))
    asides.begin("b").doing(lambda: ended.append("b"))
    asides.withdraw("a")
    asides.withdraw("unknown")

    assert ["a"] == ended
    assert [("a", CANCELLED)] == [(it["id"], it["error"]["code"]) for it in sent]


def test_who_leaves_is_answered_and_all_work_ended(
    asides: Asides, sent: list[dict[str, Any]]
) -> None:
    ended: list[int] = []
    for number in (1, 2):
        asides.begin(number).doing(partial(ended.append, number))
    asides.close()

    assert [1, 2] == ended == [it["id"] for it in sent]
