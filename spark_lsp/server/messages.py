"""What the server and its librarian say to each other, as lines of JSON.

Owns the words; those of the session stand in `core.events`. Who says them is told in `librarian`,
the process, and `library`, the server's end.
"""

from typing import TypeAlias

import msgspec

from spark_lsp.core.effects import Foresee, Pack, Recall, Shelve
from spark_lsp.core.events import Foreseen, Outdated, Packed, Recalled, Settled


class Touched(msgspec.Struct, frozen=True, tag=True):
    """To the librarian: these files or directories have changed, by their absolute paths."""

    paths: tuple[str, ...]


class Watch(msgspec.Struct, frozen=True, tag=True):
    """To the librarian: watch the files yourself, for the editor does not."""


class Stop(msgspec.Struct, frozen=True, tag=True):
    """To the librarian: the person does not want the first indexing to go on."""


class Progress(msgspec.Struct, frozen=True, tag=True):
    """From the librarian: so many of so many files are indexed; `ended` when there is no more."""

    done: int
    total: int
    ended: bool = False


class Trouble(msgspec.Struct, frozen=True, tag=True):
    """From the librarian: something that a person should know, in a sentence."""

    sentence: str


class Private(msgspec.Struct, frozen=True, tag=True):
    """From the librarian: what is ignored has changed, and this buffer may not leave any more."""

    uri: str
    reason: str


Question: TypeAlias = Shelve | Pack | Recall | Foresee | Touched | Watch | Stop
Answer: TypeAlias = Packed | Recalled | Foreseen | Outdated | Settled | Progress | Trouble | Private

_question = msgspec.json.Decoder(Question)
_answer = msgspec.json.Decoder(Answer)


def spelled(message: Question | Answer) -> bytes:
    """Return a message as a line; a lone surrogate, which has no UTF-8, becomes a question mark."""
    try:
        return msgspec.json.encode(message) + b"\n"
    except UnicodeEncodeError:
        return msgspec.json.encode(_replaced(msgspec.to_builtins(message))) + b"\n"


def question(line: bytes) -> Question:
    """Read what the server says; raises `msgspec.DecodeError`."""
    read: Question = _question.decode(line)
    return read


def answer(line: bytes) -> Answer:
    """Read what the librarian says; raises `msgspec.DecodeError`."""
    read: Answer = _answer.decode(line)
    return read


def _replaced(it: object) -> object:
    match it:
        case str():
            return it.encode("utf-8", "replace").decode()
        case dict():
            return {key: _replaced(value) for key, value in it.items()}
        case list() | tuple():
            return [_replaced(value) for value in it]
        case _:
            return it
