"""Requests that the session has nothing to do with: those about tasks.

Owns their names, and that each of them is answered exactly once: whoever answers may take long, and
the editor may leave meanwhile. What they mean is read in `tasks.surface`.
"""

import itertools
from collections.abc import Callable
from typing import Any, Final

START: Final = "spark/task/start"
STEER: Final = "spark/task/steer"
INTERRUPT: Final = "spark/task/interrupt"
LIST: Final = "spark/task/list"
RESULT: Final = "spark/task/result"
REMOVE: Final = "spark/task/remove"
ROUTE: Final = "spark/task/route"
ANSWER: Final = "spark/task/answer"
POINTS: Final = "spark/task/points"
METHODS: Final = frozenset({START, STEER, INTERRUPT, LIST, RESULT, REMOVE, ROUTE, ANSWER, POINTS})

CHANGED: Final = "spark/task/didChange"
"""The notification that a task is another than before, or gone."""

INVALID: Final = -32602
FAILED: Final = -32803
CANCELLED: Final = -32800
"""InvalidParams, RequestFailed and RequestCancelled (LSP 3.18)."""


class Aside:
    """One request; what is said after the first answer is not heard."""

    def __init__(self, answer: Callable[[dict[str, Any]], None]) -> None:
        """Take how it is answered: by the member of a response that holds the answer."""
        self._answer: Callable[[dict[str, Any]], None] | None = answer
        self._end: Callable[[], object] | None = None

    def doing(self, end: Callable[[], object]) -> None:
        """Take what ends the work on it, should the client not want it any more."""
        self._end = end

    def withdraw(self, reason: str) -> None:
        """Answer that it was cancelled, and end the work on it."""
        self.refuse(CANCELLED, reason)
        if self._end:
            self._end()

    def result(self, value: Any) -> None:
        """Answer it."""
        self._close({"result": value})

    def refuse(self, code: int, reason: str) -> None:
        """Refuse it, with a code of LSP and a sentence."""
        self._close({"error": {"code": code, "message": reason}})

    def _close(self, member: dict[str, Any]) -> None:
        answer, self._answer = self._answer, None
        if answer:
            answer(member)


class Asides:
    """The requests that are open."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        """Take how a response is sent, as an object without its version."""
        self._send = send
        self._open: dict[int, tuple[int | str, Aside]] = {}
        self._numbers = itertools.count()

    def begin(self, id_: int | str) -> Aside:
        """Take in a request."""
        number = next(self._numbers)

        def answer(member: dict[str, Any]) -> None:
            self._open.pop(number)
            self._send({"id": id_, **member})

        aside = Aside(answer)
        # A client may use an id twice.
        self._open[number] = id_, aside
        return aside

    def withdraw(self, id_: int | str) -> None:
        """Answer those of an id that the client does not want to hear of any more."""
        for known, aside in list(self._open.values()):
            if known == id_:
                aside.withdraw("the client has withdrawn it")

    def close(self) -> None:
        """Answer all that are open, since the server ends."""
        for _, aside in list(self._open.values()):
            aside.withdraw("the server is being shut down")
