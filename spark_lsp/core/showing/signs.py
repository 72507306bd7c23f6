"""What tells the structure of a line in a language, without a parse.

Owns what a row of signs means: what hides brackets (comments, strings), what opens a block, what
closes one, what carries a statement on. An answer that streams in is not yet a text that could be
parsed, and the text around a cursor often is none; a scan of lines sees enough of both, and where
it is mistaken the syntax guard has the last word. Rows hold rules of thumb, not grammars; they
stand in `rows`.
"""

import re
from dataclasses import dataclass
from functools import cache

PAIRS = {"(": ")", "[": "]", "{": "}"}
"""What closes what."""
BRACKET = re.compile(r"[()\[\]{}]")

END = "\x02"
"""Stands behind a text that is masked: where it is swallowed, something has not ended there."""
_NOT_END = re.compile(r"[^\r\n]")
_UNTIL = {
    end: re.compile(rf"(?s:\\.|[^\\])*?{re.escape(end)}") for end in ('"', "'", "`", '"""', "'''")
}

_ENDS = (
    ('"""', '"""'),
    ("'''", "'''"),
    ('r#"', '"#'),
    ("/*", "*/"),
    ("{-", "-}"),
    ("--[[", "]]"),
    ("[[", "]]"),
    ("<!--", "-->"),
    ("```", "```"),
    ("`", "`"),
    ('"', '"'),
    ("'", "'"),
)
_LINE = "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What tells structure in a language.

    Attributes:
        comments: patterns of comments.
        strings: patterns of strings, the longest delimiters first.
        spans: ends of the comments and strings that go over lines.
        brackets: whether brackets part statements.
        prose: whether it is text for people, where nothing but an empty line ends a thing.
        colon: whether a colon at the end of a line opens a block.
        opens: what else a line ends with, or is, that opens a block closed by a word or a tag.
        closes: words that a line begins with to close a block.
        resumes: words that a line begins with to carry on the statement before it.
        signs: whether operators at the beginning of a line carry on the statement before it.
        labels: whether labels and directives may stand farther left than their block.
        ended: what each statement ends with, or "".
        stray: closing brackets that need not close any.
        indented: whether indentation is a matter of taste, so that it may be rewritten.
    """

    comments: str = ""
    strings: str = ""
    spans: frozenset[str] = frozenset()
    brackets: bool = True
    prose: bool = False
    colon: bool = False
    opens: re.Pattern[str] | None = None
    closes: frozenset[str] = frozenset()
    resumes: frozenset[str] = frozenset({"else", "catch", "finally"})
    signs: bool = True
    labels: bool = False
    ended: str = ""
    stray: str = ""
    indented: bool = True

    def masked(self, text: str, inside: str = "") -> tuple[str, str]:
        """Return a text without what comments and strings say, and what it ends inside of.

        Args:
            text: from a place on where nothing but `inside` is open.
            inside: the end of the comment or string that the text begins in, "" for neither.

        Returns:
            A text of the same length and lines: blanks for comments, NUL for strings. And the end
            of the comment or string that is open at its end, a line end for a comment that ends
            with its line, or "".
        """
        head = ""
        if inside:
            end = left(inside, text)
            if end < 0:
                return _blanked(text, "\0"), inside
            head, text = _blanked(text[:end], "\0"), text[end:]
        hides = _pattern(self.comments, self.strings)
        if hides is None or not hides.search(text):
            return head + text, ""
        last = ""

        def hide(match: re.Match[str]) -> str:
            nonlocal last
            last = "" if match.lastgroup == "letter" else match.group()
            return _blanked(match.group(), " " if match.lastgroup == "comment" else "\0")

        masked = hides.sub(hide, text + END)
        return head + masked[:-1], "" if masked.endswith(END) else _end_of(last)

    def settled(self, line: str, inside: str) -> int:
        """Return up to where the beginning of a line can be read whatever comes behind it."""
        found = _LETTER_BEGUN.search(line) if "<letter>" in self.strings else None
        ends = (size for size in range(len(inside) - 1, 0, -1) if line.endswith(inside[:size]))
        return min(found.start() if found else len(line), len(line) - next(ends, 0))

    def closed(self, inside: str, text: str) -> bool:
        """Whether what goes over lines and ends like this ends in the text behind it.

        The next such sign may also begin another comment or string.
        """
        begin = next(begin for begin, end in _ENDS if end == inside)
        if begin == inside:
            return text.count(inside) % 2 == 1
        at, other = text.find(inside), text.find(begin)
        return at >= 0 and not 0 <= other < at

    def spans_lines(self, inside: str) -> bool:
        """Whether the comment or string that ends like this goes over lines."""
        return inside in self.spans

    def opens_block(self, line: str) -> bool:
        """Whether a masked line ends with the opening of a block or a list."""
        line = line.rstrip()
        if self.brackets and line.endswith(("{", "(", "[")):
            return True
        if self.colon and line.endswith(":"):
            return True
        return self.opens is not None and self.opens.search(line) is not None

    def resumed(self, line: str, *, complete: bool) -> bool | None:
        """Whether a line carries on the statement before it; None if its beginning may."""
        if self.brackets and line.startswith((")", "]", "}")):
            return True
        if self.signs:
            if _SIGN.match(line):
                return True
            if line in _SIGN_BEGUN and not complete:
                return None
        return _says(line, self.resumes | self.closes, complete=complete)

    def closing(self, line: str, *, complete: bool) -> str | None:
        """Return the word or sign that a line closes a block with, "" if none, None if it may."""
        if self.brackets and line.startswith((")", "]", "}")):
            return line[0]
        said = _says(line, self.closes, complete=complete)
        if said is None:
            return None
        found = _WORD.match(line)
        return found.group() if said and found else ""

    def unfinished(self, line: str, *, listed: bool) -> bool:
        """Whether a masked line without blanks at its end says that its statement goes on.

        Args:
            line: the line.
            listed: whether it stands in brackets, where a comma ends an item.
        """
        if self.prose:
            return False
        if self.ended:
            return not line.endswith(self.ended)
        if line.endswith(","):
            return not listed
        return self.signs and _GOES_ON.search(line) is not None


_LETTER_BEGUN = re.compile(r"'[^'\r\n]{0,2}\Z")
"""A quote that is a lifetime, or quotes one character."""
_WORD = re.compile(r"</|\w+|;;")
_SIGN = re.compile(r"\.\w|\?[.?]|&&|\|\||\|>|[?:+|&]\s|=>|->|\{|<<|>>")
_SIGN_BEGUN = frozenset({".", "?", "&", "|", "+", ":", "=", "-", "<", ">"})
_GOES_ON = re.compile(r"(?:\\|[=!<>]=|(?<![=!<>])=|=>|&&|\|\||(?<!\+)\+|\b(?:and|or|not|in))\Z")


def _says(line: str, words: frozenset[str], *, complete: bool) -> bool | None:
    """Whether a line begins with one of some words; None if it may yet, not being complete."""
    match = _WORD.match(line)
    word = match.group() if match else line[:1]
    if complete or len(word) < len(line) or word == "</":
        return word in words
    return None if any(it.startswith(word) for it in words) else False


def left(inside: str, text: str) -> int:
    """Return where a text has left the comment or string that it begins in, or -1.

    Args:
        inside: the end of that comment or string, a line end for a comment that ends with its line.
        text: a line, or several.
    """
    if inside == _LINE:
        return -1
    if inside in _UNTIL:
        match = _UNTIL[inside].match(text)
        return match.end() if match else -1
    at = text.find(inside)
    return -1 if at < 0 else at + len(inside)


def _end_of(opened: str) -> str:
    """Return what ends a comment or string that begins like this; a letter never stays open."""
    if not opened:
        return ""
    return next((end for begin, end in _ENDS if opened.startswith(begin)), _LINE)


@cache
def _pattern(comments: str, strings: str) -> re.Pattern[str] | None:
    parts = [f"(?P<comment>{comments})" if comments else "", strings]
    return re.compile("|".join(filter(None, parts))) if any(parts) else None


def _blanked(text: str, by: str) -> str:
    if "\n" in text or "\r" in text:
        return _NOT_END.sub(by, text)
    return by * len(text)
