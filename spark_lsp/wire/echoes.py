"""Owns what an answer says again of the text before it, and how much of that is an echo.

A model that is asked for what is missing often begins with what is there: the line up to the
cursor, the function, the file. It is an echo only if it runs on to the very cursor, and if nobody
would write it twice: a table row, a bracket or a short call may well be repeated. Where the answer
ends, and what is shown of it, is decided in `cleaning` and `core.trim`.
"""

import re
from collections.abc import Sequence

from spark_lsp.wire.lines import (
    BLANKS,
    LINE_END,
    allows_deeper,
    balance,
    calls,
    imports,
    indentation,
    is_header,
    states,
    tells,
)

_REACH = 16_000
"""Characters before the cursor in which an echo is looked for."""
_NEAR = 3
"""Lines before the cursor from which an echo may begin."""
_LONG = 400
"""Characters of a line above which it is not compared."""
_NAMES = 200
"""Characters before the cursor in which a name is looked for."""

_TRAILING = re.compile(r"(?<![ \t\r])[ \t\r]+(?=\n)")
_NAME = re.compile(r"[^\W\d]\w*\Z")
_CHAIN = re.compile(r"(?:[^\W\d]\w*(?:\.|::|->))+[^\W\d]\w*\Z")
_HEX = re.compile(r"[0-9a-fA-F]{8,}")


class Preceding:
    """What stands before an answer, and the beginning of the answer that may say it again.

    Texts are compared without blanks at the ends of lines, and without what is blank before the
    first character, because models leave both out, or add them.
    """

    def __init__(
        self, before: str, region: str | None = None, after: str = "", *, prose: bool = False
    ) -> None:
        """Take the text before the answer, what it replaces, if anything, and what follows."""
        *lines, self._line = LINE_END.split(before[-_REACH:])
        lines = [line.rstrip() for line in lines]
        self._core = self._line.lstrip()
        self._blank = not self._core
        head = "" if region is None else region.lstrip()
        self._spans = [it for it in self._spelled(lines) if not _begins(head, it)]
        self._sure = states(self._core) and not (head and head.startswith(self._core))
        self._calls = region is None and not self._sure and calls(self._core)
        self._words = self._named(before) if region is None else []
        self._doubled = None if prose else self._indents(lines, region, after)
        self.raw = ""
        self._lead = ""
        self._norm = ""
        self._pending = ""

    def feed(self, text: str, *, final: bool = False) -> int | None:
        """Take in some more of the answer; how much of `raw` is an echo, None if that is open.

        The caller must not go on feeding after an answer.
        """
        self.raw += text
        if not self._norm:
            stripped = self.raw.lstrip()
            if len(self.raw) - len(stripped) > BLANKS:
                return 0
            if not stripped:
                return 0 if final else None
            self._lead = self.raw[: len(self.raw) - len(stripped)]
            text = stripped
        self._take(text)
        echo = self._echo(final=final)
        if echo is None:
            return None
        if echo:
            return len(self._lead) + _raw_length(self.raw[len(self._lead) :], echo)
        if self._doubled is None or not self._lead.startswith(self._line):
            return 0
        return 0 if self._norm[:1] in self._doubled else len(self._line)

    def _take(self, text: str) -> None:
        text = self._pending + text
        kept = text.rstrip(" \t\r")
        self._pending = text[len(kept) :]
        self._norm += _TRAILING.sub("", kept)

    def _echo(self, *, final: bool) -> int | None:
        """How much of the normal text is an echo; of several the longest, None while one may be."""
        said = self._norm + self._pending
        best, open_ = 0, False
        for found in (
            *(self._spanned(span, said) for span in self._spans if self._may_begin(span)),
            self._lined(said),
            self._called_again(said, final=final),
            *(_again(word, said) for word in self._words if not self._lead),
        ):
            if found is None:
                open_ = True
            else:
                best = max(best, found)
        # Blanks may yet turn out to be the end of a line.
        return None if not final and (open_ or best > len(self._norm)) else best

    def _may_begin(self, span: str) -> bool:
        """Whether an echo of some lines may begin the answer; below an empty line it is meant."""
        return "\n" not in self._lead or is_header(span[: span.index("\n")])

    def _spanned(self, span: str, said: str) -> int | None:
        """Compare with the lines from somewhere to the cursor."""
        if not said.startswith(span):
            # Blanks at the end of what has come may yet turn out to be the end of a line.
            whole = span.startswith(said)
            if whole or (span.startswith(self._norm) and span.startswith("\n", len(self._norm))):
                return None
            return 0
        if not self._blank:
            return len(span)
        rest = said[len(span) :]
        given = len(rest) - len(rest.lstrip(" \t"))
        if given == len(rest) and len(rest) < len(self._line):
            return None if self._line.startswith(rest) else len(span)
        same = 0
        while same < min(given, len(self._line)) and rest[same] == self._line[same]:
            same += 1
        return len(span) + same

    def _lined(self, said: str) -> int | None:
        """Compare with the line up to the cursor."""
        if not self._sure:
            return 0
        # On a line of its own, only what cannot end here is said again.
        if "\n" in self._lead and not self._core.endswith((" ", "=", "(", ",")):
            return 0
        return _again(self._core, said)

    def _called_again(self, said: str, *, final: bool) -> int | None:
        """Compare with a line that opens a bracket, such as `foo(`, which may well be nested.

        It is nested if the answer closes more than it opens.
        """
        if not self._calls or "\n" in self._lead:
            return 0
        found = _again(self._core, said)
        if not found:
            return found
        depth = balance(self._core)
        for char in said[found : found + _LONG]:
            depth += balance(char)
            if depth < 0 or char == "\n":
                break
        else:
            if not final and len(said) - found < _LONG:
                return None
        return found if depth == 0 else 0

    def _spelled(self, lines: Sequence[str]) -> list[str]:
        """The texts from a line to the cursor that nobody would write again right here."""
        whole = "\n".join(lines) + "\n"
        spelled = []
        for start in self._starts(lines):
            span = "\n".join(lines[start:]) + "\n"
            # What has been repeated before may be repeated again.
            if self._unique(lines[start:]) and not whole.endswith(span + span):
                spelled.append(span.lstrip() + ("" if self._blank else self._line))
        return spelled

    def _starts(self, lines: Sequence[str]) -> list[int]:
        """The lines from which an echo may begin.

        The last few, the first, and the headers around the cursor. To look for more would hold
        back more answers that only begin alike.
        """
        starts: set[int] = set()
        outer = None if self._blank else len(indentation(self._line))
        first, near = 0, _NEAR
        for at in range(len(lines) - 1, -1, -1):
            core = lines[at].lstrip()
            if not core:
                continue
            depth, first = len(lines[at]) - len(core), at
            if near:
                near -= 1
                if not imports(core):  # those of one file begin alike
                    starts.add(at)
            if outer is None or depth < outer:
                outer = depth
                if is_header(core):
                    starts.add(at)
        return sorted({*starts, first} if lines else ())

    def _unique(self, lines: Sequence[str]) -> bool:
        """Whether nobody would write some lines again."""
        if is_header(lines[0].lstrip()):
            return True
        telling = ""
        for line in lines:
            if line != telling and tells(line.lstrip()):
                if telling:
                    return True
                telling = line
        return bool(telling) and tells(self._core)

    def _named(self, text: str) -> list[str]:
        """The name that ends at the cursor, with what qualifies it and alone."""
        end = self._line[-_NAMES:]
        found = [it[0] for it in (_CHAIN.search(end), _NAME.search(end)) if it]
        return [
            it
            for it in found
            if len(it) > 2 and len(set(it)) > 1 and not _HEX.fullmatch(it) and it + it not in text
        ]

    def _indents(self, lines: Sequence[str], region: str | None, after: str) -> set[str] | None:
        """Whether an answer that begins with the indentation of the cursor says it again.

        It may also be meant: deeper than the cursor stands, below a line that wants that, or where
        the cursor stands in the middle of an indentation; None then. It is meant as well if the
        answer continues the line above, beginning with one of the characters that are returned.
        """
        if not self._blank or not self._line:
            return None
        if region is not None:
            return None if region.startswith((" ", "\t")) else set()
        above = next((line for line in reversed(lines) if line.strip()), "")
        outer = indentation(above)
        deeper = len(self._line) > len(outer)
        belongs = self._line.startswith(outer) and (deeper or not allows_deeper(above))
        around = (*lines, *LINE_END.split(after))
        known = {indentation(line) for line in around if line.strip()} - {""}
        usual = known or {"    ", "\t"}
        if deeper and known and is_header(above.lstrip()):
            usual.add(outer + min(known, key=len))
        if not belongs or self._line not in usual:
            return None
        return set() if deeper else set(".?+-*|&:,=")


def _again(text: str, said: str) -> int | None:
    """The length of a text if something begins with it, 0 if not, None if that is open."""
    if said.startswith(text):
        return len(text)
    return None if text.startswith(said) else 0


def _begins(region: str, span: str) -> bool:
    return bool(region) and region.startswith(span[: span.index("\n")])


def _raw_length(raw: str, normal: int) -> int:
    """How many characters of a text make the first so many of its normal spelling."""
    removed = 0
    for found in _TRAILING.finditer(raw):
        if found.start() - removed >= normal:
            break
        removed += len(found[0])
    return normal + removed
