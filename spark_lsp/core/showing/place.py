"""Where an answer goes: how much is wanted there, and what stands around it.

Owns the reading of a place, once per request, into a value that every piece of the answer is then
judged by. It looks at a few thousand characters around the cursor, whatever the size of the text.
Of the syntax tree it asks only where it may begin to look: around the cursor the text is most often
broken, which is why somebody is writing there, and lines and brackets still tell where a tree
consists of errors. What an answer does to the tree is judged in `guard`.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from spark_lsp.core.languages import Language
from spark_lsp.core.showing import brackets
from spark_lsp.core.showing.brackets import Opener
from spark_lsp.core.showing.cuts import Following, line_end_of
from spark_lsp.core.showing.indentation import Style
from spark_lsp.core.showing.rows import CODE, PROSE, signs_of
from spark_lsp.core.showing.signs import PAIRS, Signs, left
from spark_lsp.core.syntax import Syntax
from spark_lsp.core.text import Text

_BEFORE = 5_000
_AFTER = 2_500
"""Characters that are looked at, before the cursor and behind it."""
_ABOVE = 40
"""Lines above the cursor among which the head of its block is looked for."""
_CLOSERS = re.compile(r"[\s)\]}>\"'`]*[\s:;,{]*\Z")
_LINE_END = re.compile(r"\r\n|\n|\r")
_REST = re.compile(r"[^\r\n]*")
_SURE = re.compile(
    r"([\r\n])[ \t]*(?:\w+ )*(?:def|func|fn|fun|function|class|impl|struct|interface|enum)"
    r"[ \t]+\w+[ \t]*[(:<{\[]"
)
"""A line of code that no text for people contains: nothing is quoted there."""
_CODE_ENDS = ("{", "}", "(", ")", "[", "]", ";", "=", ">", "\\")


class Extent(Enum):
    """How much is wanted at a place."""

    REST_OF_LINE = auto()
    LINE = auto()
    STATEMENT = auto()
    BLOCK = auto()


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of where an answer goes.

    Attributes:
        following: what stands right behind the cursor.
        extent: how much is wanted.
        rule: why, in a few words for people.
        line_end: how the document ends its lines.
        before: the cursor's line up to the cursor.
        columns: the indentation of the cursor's line.
        above: the indentation of the last line with code in it, the cursor's own included.
        opened: what that line opens a block with: its last character; "" if it opens none.
        style: how the file indents.
        signs: what tells structure in its language.
        quote: the end of the comment or string that the cursor is in, a line end for a comment
            that ends with its line, "" for neither.
        quoted: whether that comment or string ends behind the cursor.
        openers: the brackets that are open at the cursor, the innermost first.
        loose: closers behind the cursor that close none of these.
        below: some of the text behind the cursor's line.
    """

    following: Following
    extent: Extent
    rule: str
    line_end: str
    before: str
    columns: int
    above: int
    opened: str
    style: Style
    signs: Signs
    quote: str
    quoted: bool
    openers: tuple[Opener, ...]
    loose: str
    below: str

    @classmethod
    def of(
        cls, text: Text, offset: int, tree: Syntax | None, language: Language | None = None
    ) -> "Place":
        """Read the place at an offset.

        Args:
            text: the document.
            offset: of the cursor, in code points; clamped.
            tree: of this text, if there is one.
            language: of the document, where there is no tree or none is wanted.
        """
        string, offset = text.string, min(max(0, offset), len(text))
        start = _window(text, offset, tree)
        above, after = string[start:offset], string[offset : offset + _AFTER]
        style = Style.of(above[-_AFTER:] + after)
        language = tree.language if tree else language
        signs = signs_of(language.name) if language else _guessed(above, after)

        masked, quote = signs.masked(above)
        before = string[max(start, text.line_start(text.line_at(offset))) : offset]
        columns = style.columns(_lead(before))
        rest = _REST.match(after)
        below = after[rest.end() :] if rest else ""
        quoted = _ends_behind(quote, string[offset:], signs) if quote not in {"", "\n"} else False
        behind = _masked_after(after, quote, signs, quoted=quoted)
        found, loose = brackets.openers(masked, behind, style, signs.stray)

        head = _head(masked, before, signs)
        open_ = tuple(found) if signs.brackets else ()
        opened = head is not None and _opens(head, signs, open_)
        deep = columns if head is None else style.columns(_lead(head))
        following = Following.of(after)
        blank = not before.strip()
        # What a parenthesis at the end of the cursor's line opens goes on in this line.
        begun = not blank and before.rstrip().endswith(("(", "["))
        empty = opened and not quote and not begun and _is_empty(deep, below, style)
        extent, rule = _extent(following.rest, quote, blank=blank, empty=empty, signs=signs)
        return cls(
            following,
            extent,
            rule,
            line_end_of(string),
            before,
            columns,
            deep,
            head.rstrip()[-1] if head and opened else "",
            style,
            signs,
            quote,
            quoted,
            open_,
            loose if signs.brackets else "",
            below,
        )

    @property
    def blank(self) -> bool:
        """Whether there is no text before the cursor on its line."""
        return not self.before.strip()

    @property
    def scope(self) -> int:
        """How many brackets an answer may close before it has closed the block it is in."""
        if self.extent is Extent.BLOCK and self.opened in PAIRS:
            return 0
        return sum(opener.mine for opener in self.openers)

    def owes(self, closed: int) -> bool:
        """Whether a bracket around the cursor must be closed yet, after so many have been.

        Whoever opens a block opens it for more than one statement.
        """
        for at, opener in enumerate(self.openers):
            if opener.char == "{":
                return False
            if at >= closed and not opener.closed:
                return True
        return False

    def ends_with(self, word: str, columns: int) -> bool:
        """Whether the block at some columns is closed by this word behind the cursor already."""
        for line in _LINE_END.split(self.below):
            if line.strip() and (deep := self.style.columns(_lead(line))) <= columns:
                return deep == columns and line.lstrip().startswith(word)
        return False


def _window(text: Text, offset: int, tree: Syntax | None) -> int:
    """Return from where on the text before the cursor is looked at."""
    if offset <= _BEFORE:
        return 0
    line = text.line_at(offset - _BEFORE) + 1
    start = min(text.line_start(line), offset) if line <= text.line_at(offset) else offset - _BEFORE
    if tree is None:
        sure = _SURE.search(text.string, start, offset)
        return sure.end(1) if sure else start
    quoted = tree.quoted(text, start)
    if quoted is None:
        return start
    # A string that goes on beyond the cursor is looked at from its beginning.
    return quoted[1] if quoted[1] < offset else quoted[0]


def _guessed(above: str, after: str) -> Signs:
    """Judge by the ends of its lines whether a text is code."""
    lines = [line.rstrip() for line in _LINE_END.split(above[-_AFTER:] + after) if line.strip()]
    ends = sum(line.endswith(_CODE_ENDS) for line in lines)
    return CODE if lines and ends * 4 >= len(lines) else PROSE


def _ends_behind(quote: str, after: str, signs: Signs) -> bool:
    """Whether what the cursor is inside of ends behind it, and not only somewhere in the file."""
    if signs.spans_lines(quote):
        return signs.closed(quote, after)
    line = _REST.match(after)
    return line is not None and left(quote, line.group()) >= 0


def _masked_after(after: str, quote: str, signs: Signs, *, quoted: bool) -> str:
    if quoted or not quote:
        return signs.masked(after, quote)[0]
    rest = _REST.match(after)
    end = rest.end() if rest else 0
    return " " * end + signs.masked(after[end:])[0]


def _head(masked: str, before: str, signs: Signs) -> str | None:
    """Return the last masked line with code in it, up to the cursor, or None."""
    if before.strip():
        return masked[len(masked) - len(before) :]
    for line in reversed(_LINE_END.split(masked)[-_ABOVE:]):
        said = line.strip()
        # A docstring stands between the head and the body that it has not got yet.
        if said and not (signs.colon and not said.strip("\0")):
            return line
    return None


def _opens(head: str, signs: Signs, open_: tuple[Opener, ...]) -> bool:
    """Whether the line opens a block: a colon within brackets does not."""
    if not signs.opens_block(head):
        return False
    said = head.rstrip()
    return not (signs.colon and said.endswith(":") and open_)


def _is_empty(deep: int, below: str, style: Style) -> bool:
    """Whether nothing stands in the block of a line, going by the next line with text in it."""
    for line in _LINE_END.split(below):
        if line.strip():
            return style.columns(_lead(line)) <= deep or line.lstrip()[0] in ")]}"
    return True


def _extent(rest: str, quote: str, *, blank: bool, empty: bool, signs: Signs) -> tuple[Extent, str]:
    if rest:
        if _CLOSERS.match(rest):
            return Extent.LINE, "only closing brackets follow on the line"
        return Extent.REST_OF_LINE, "text follows on the line"
    if quote and not (blank and signs.spans_lines(quote)):
        return Extent.LINE, "in a comment" if quote in {"\n", "*/", "-->"} else "in a string"
    if quote:
        return Extent.STATEMENT, "a blank line in a comment or string"
    if empty:
        return Extent.BLOCK, "an empty block" if blank else "the line opens a block"
    return (Extent.STATEMENT, "a blank line") if blank else (Extent.LINE, "the line has begun")


def _lead(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]
