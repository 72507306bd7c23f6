"""Owns how a streamed answer becomes pieces, whatever the dialect.

A dialect says what one message means, as a `Part`; here the messages are cut from the bytes, what
must not be seen is taken out of the text, and the answer is brought to exactly one end. Nothing
comes after it.
"""

import re
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from spark_lsp.wire.dialects.base import End, Piece
from spark_lsp.wire.events import Usage
from spark_lsp.wire.faults import Fault, unfinished
from spark_lsp.wire.streams import Messages

CUT_SHORT = Fault("content_filter", "the provider's filter stopped the answer")
_LOST = Fault("connection_lost", "the answer broke off before its end")
_FOREIGN = Fault("not_a_stream", "the server sent a web page instead of an answer: check base_url")


class Part(msgspec.Struct, frozen=True):
    """What one message of an answer says.

    Attributes:
        text: some more text.
        reason: why the answer ends, "" while it does not.
        usage: what it cost.
        fault: what went wrong; ends the answer.
        refused: whether the model declines.
        over: whether this is the last message.
    """

    text: str = ""
    reason: str = ""
    usage: Usage | None = None
    fault: Fault | None = None
    refused: bool = False
    over: bool = False


NOTHING = Part()
"""What a message says that is not understood."""


class Strainer(Protocol):
    """Takes out of a text what must not be seen; `wire.cleaning` has one for chat models."""

    @property
    def over(self) -> bool:
        """Whether nothing that follows will be seen, so that it need not be waited for."""
        ...

    def feed(self, text: str) -> str:
        """Take in some more text; return what is certain to be seen."""
        ...

    def close(self) -> str:
        """The text has ended: return the rest."""
        ...


class Stops:
    """Ends a text at the first control token that a server has let through."""

    def __init__(self, tokens: Sequence[str]) -> None:
        """Take the tokens, none of them empty."""
        self._pattern = re.compile("|".join(map(re.escape, tokens)) or r"(?!)")
        self._tokens = tuple(tokens)
        self._longest = max(map(len, tokens), default=0)
        self._first = {token[0] for token in tokens}
        self._held = ""
        self.ended = False

    def feed(self, text: str) -> str:
        """Return what cannot be the beginning of a token."""
        if self.ended:
            return ""
        text = self._held + text
        if found := self._pattern.search(text):
            self.ended = True
            self._held = ""
            return text[: found.start()]
        keep = self._begun(text)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def close(self) -> str:
        """Return what was held back, for it was no token."""
        held, self._held = self._held, ""
        return held

    def _begun(self, text: str) -> int:
        """Return how many characters at the end of a text may begin a token."""
        longest = min(self._longest - 1, len(text))
        if self._first.isdisjoint(text[len(text) - longest :]):
            return 0
        for size in range(longest, 0, -1):
            if text[-size] in self._first and self._begins(text[-size:]):
                return size
        return 0

    def _begins(self, end: str) -> bool:
        return any(token.startswith(end) for token in self._tokens)


class PartsReader:
    """Reads one answer; see `base.Reader`."""

    def __init__(
        self,
        parse: Callable[[str], Part],
        stops: Sequence[str] = (),
        strainer: Strainer | None = None,
        *,
        whole: bool = False,
    ) -> None:
        """Take what a message means, what ends the text, and what else to take out of it.

        An answer that is of use only as a `whole` has failed if it was cut or declined.
        """
        self._parse = parse
        self._messages = Messages()
        self._stops = Stops(stops)
        self._strainer = strainer
        self._whole = whole
        self._reason = ""
        self._usage = Usage()
        self._refused = False
        self._spoken = False
        self._over = False

    def feed(self, data: bytes) -> Sequence[Piece]:
        """Take in some more bytes of the body, cut anywhere."""
        if self._over:
            return ()
        return self._taken([event.data for event in self._messages.feed(data)])

    def close(self) -> Sequence[Piece]:
        """The body has ended: an end, or a fault if the answer was cut off; nothing if told."""
        if self._over:
            return ()
        pieces = self._taken([event.data for event in self._messages.close()])
        if pieces and not isinstance(pieces[-1], str):
            return pieces
        # Some servers leave their last marker out; a reason to end is enough.
        if self._reason:
            return [*pieces, *self._ended()]
        self._over = True
        return [*pieces, _FOREIGN if self._messages.is_markup else _LOST]

    def _taken(self, messages: Sequence[str]) -> list[Piece]:
        texts: list[str] = []
        end: list[Piece] = []
        for message in messages:
            part = self._parse(message)
            if part.text and (seen := self._seen(part.text)):
                texts.append(seen)
                self._spoken = True
            self._reason = part.reason or self._reason
            self._usage = part.usage or self._usage
            self._refused = self._refused or part.refused
            if part.fault is not None:
                self._over = True
                end = [part.fault]
            elif part.over or self._unwanted():
                end = self._ended()
            if end:
                break
        # One piece for what came at once: everything behind this costs by the piece.
        return ["".join(texts), *end] if texts else end

    def _seen(self, text: str) -> str:
        text = self._stops.feed(text)
        return self._strainer.feed(text) if self._strainer and text else text

    def _unwanted(self) -> bool:
        return self._stops.ended or (self._strainer is not None and self._strainer.over)

    def _ended(self) -> list[Piece]:
        self._over = True
        rest = self._stops.close()
        if self._strainer:
            rest = self._strainer.feed(rest) + self._strainer.close()
        if self._reason == "content_filter":
            return [CUT_SHORT]
        spoken = self._spoken or bool(rest)
        reason = "refusal" if self._refused and not spoken else self._reason or "completed"
        if self._whole and reason != "completed":
            return [unfinished(reason)]
        end = End(reason, self._usage)
        return [rest, end] if rest else [end]
