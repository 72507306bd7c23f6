"""What any editor can do without a model, on the same tasks: what ours has to be better than.

Owns two of them. `Words` is what editors ship: the word that is being typed is completed from the
words of the open buffer. `Cache` is a model of one file: it goes on as the file did the last time
that the last few tokens stood there.

A baseline says one thing for a place, and does not know how sure it is: what it says is shown. To
tell what typing with it saves, a text is typed key by key; as soon as what is offered is right to
its end it is taken over with one key.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from spark_lsp.engine.lexer import lex, unify_newlines

_WORD: Final = re.compile(r"[^\W\d]\w*")
_PARTIAL: Final = re.compile(r"[^\W\d]\w*\Z")
_OPENS: Final = 2
"""Characters of a word after which editors offer its rest."""
_WORTH: Final = 2
"""Characters that are worth the key that accepts them."""
_DEPTH: Final = 8
"""Tokens before the cursor that are looked for, at most."""
_FURTHEST: Final = 64
"""Tokens that are said at once, at most."""
_LOOKED_AT: Final = 64
"""Places of the last token that are looked at, the latest."""
_BEGUN: Final = re.compile(r"\w\Z|\A \Z")
"""The end of a token that may go on: a word, or the blank that belongs to the next one."""


class Baseline(Protocol):
    """Says how one text goes on at its cursor."""

    def offer(self) -> str:
        """Return what comes next, or ""."""
        ...

    def key(self, char: str) -> None:
        """Take in a character that was typed at the cursor."""
        ...


def saved(baseline: Baseline, missing: str) -> int:
    """Type a text with a baseline; returns by how many fewer keys than it has characters."""
    at = keys = 0
    while at < len(missing):
        offered = baseline.offer()
        right = len(offered) >= _WORTH and missing.startswith(offered, at)
        typed = offered if right else missing[at]
        for char in typed:
            baseline.key(char)
        at, keys = at + len(typed), keys + 1
    return len(missing) - keys


class Words:
    """Completes the word before the cursor with one of the buffer that begins like it.

    The nearest before the cursor is offered, or else the nearest behind it, once two characters of
    it stand there. Nothing is offered for a word that has not been begun.
    """

    def __init__(self, before: str, after: str) -> None:
        """Take what stands before and behind the cursor."""
        self._before: defaultdict[str, list[str]] = defaultdict(list)
        self._after: defaultdict[str, list[str]] = defaultdict(list)
        for word in _WORD.findall(after):
            self._after[word[:_OPENS]].append(word)
        found = _PARTIAL.search(before)
        self._partial = found[0] if found else ""
        for word in _WORD.findall(before[: found.start()] if found else before):
            self._before[word[:_OPENS]].append(word)

    def offer(self) -> str:
        """Return the rest of the word."""
        partial = self._partial
        if len(partial) < _OPENS:
            return ""
        known = [*reversed(self._before[partial[:_OPENS]]), *self._after[partial[:_OPENS]]]
        fit = (word for word in known if len(word) > len(partial) and word.startswith(partial))
        return next(fit, partial)[len(partial) :]

    def key(self, char: str) -> None:
        """Take in a character."""
        if _WORD.fullmatch(self._partial + char):
            self._partial += char
            return
        if self._partial:
            self._before[self._partial[:_OPENS]].append(self._partial)
        self._partial = ""


class Cache:
    """Goes on as the file did where the longest run of the last tokens stood last.

    To the end of the line, token by token. Tokens behind the cursor count as older than all before
    it. A token that has been begun is gone on with as one that began like that.
    """

    def __init__(self, before: str, after: str) -> None:
        """Take what stands before and behind the cursor."""
        self._tokens: list[str] = []
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        text = unify_newlines(before)
        start = max(0, text.rfind("\n"))
        # Nothing goes on from the end of the file to its beginning.
        self._add([*lex(unify_newlines(after)), "", *lex(text[:start])])
        self._line = text[start:]

    def offer(self) -> str:
        """Return the rest of the line."""
        told = lex(self._line)
        begun = told.pop() if told and _BEGUN.search(told[-1]) else ""
        context = [*self._tokens[-_DEPTH:], *told]
        said: list[str] = []
        while len(said) < _FURTHEST:
            token = self._next(context, "" if said else begun)
            if not token or "\n" in token:
                break
            said.append(token)
            context.append(token)
        return "".join(said)[len(begun) :]

    def key(self, char: str) -> None:
        """Take in a character."""
        if char == "\n":
            self._add(lex(self._line))
            self._line = ""
        self._line += "" if char == "\r" else char

    def _next(self, context: Sequence[str], begun: str) -> str:
        """Return the token that came last behind the longest end of a context."""
        tokens, longest, found = self._tokens, 0, ""
        for at in reversed(self._places.get(context[-1], [])[-_LOOKED_AT:]):
            token = tokens[at + 1] if at + 1 < len(tokens) else ""
            if not token or not token.startswith(begun):
                continue
            length = 1
            while (
                length < min(_DEPTH, len(context), at + 1)
                and tokens[at - length] == context[-1 - length]
            ):
                length += 1
            if length > longest:
                longest, found = length, token
        return found or (self._begun(begun) if begun.strip() else "")

    def _begun(self, begun: str) -> str:
        """Return the last token that begins like one that has been begun, or ""."""
        return next((it for it in reversed(self._tokens) if it.startswith(begun)), "")

    def _add(self, tokens: Sequence[str]) -> None:
        """Learn tokens that come behind all that is known."""
        for at, token in enumerate(tokens, len(self._tokens)):
            self._places[token].append(at)
        self._tokens += tokens


BASELINES: Final[Mapping[str, Callable[[str, str], Baseline]]] = {
    "buffer_words": Words,
    "file_cache": Cache,
}
"""By the names under which they are told; each is made of what stands around a cursor."""
