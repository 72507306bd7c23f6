"""Owns what kind of text an answer goes into, as far as that decides what can be part of it.

A sentence or a Markdown fence is chatter in the middle of code and content in the middle of a
README. In doubt it is content. How answers are cleaned is the business of `cleaning`.
"""

import re
from dataclasses import dataclass

from spark_lsp.core.languages import Language, by_path
from spark_lsp.core.prompt import Prompt, Rewrite
from spark_lsp.wire.fences import Fence

_PROSE = re.compile(
    r"(?:md|markdown|mdown|mkd|mdx|mdc|qmd|rmd|rst|adoc|asciidoc|txt|text|org|typ|tex|textile|wiki|pod)"
)
_DATA = re.compile(r"ya?ml|ipynb")
"""Data that is made of prose as often as not: anything may be a key or stand in a block of text."""
_MARKUP = re.compile(r"x?html?|xml|svg|xaml|[jt]sx|vue|svelte|astro|php|erb|jsp|twig|hbs")
_UNQUOTED = re.compile(r"python|c|cpp|csharp|java|rust|json|yaml|toml|css|html|lua|zig")
"""Languages in which no code begins with a backtick."""
_WANTS_VALUE = re.compile(r"(?:=|\breturn)[ \t]*\Z")
"""How code ends that wants a value; text could go on with a quotation."""
_TEMPLATES = re.compile(r"javascript|typescript|tsx|go")
"""Languages in which backticks hold text of several lines."""
_FENCE_LINE = re.compile(r"^[ \t]*```", re.MULTILINE)
_MARGIN = re.compile(r"[\s>/*#;%!-]*(?:\d+[.)]\s*)?")
"""What may stand before a fence on its line: indentation, comment, quotation and list marks."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around an answer.

    Attributes:
        line: the line of the answer's first character, as far as it stands before the answer.
        prose: whether sentences may be content, as in a document, a comment or a string.
        fenced: whether a fence may be content at the beginning of the answer.
        markup: whether the answer may begin with a tag of any name.
        replaces: whether the answer replaces text that does not begin with a fence.
        quoted: whether a backtick at the beginning may be content.
    """

    line: str
    prose: bool
    fenced: bool
    markup: bool
    replaces: bool
    quoted: bool

    @classmethod
    def of(cls, prompt: Prompt | Rewrite) -> "Surroundings":
        """Judge the place that an answer to this prompt goes to."""
        before = prompt.prefix if isinstance(prompt, Prompt) else prompt.before
        line = before[max(before.rfind("\n"), before.rfind("\r")) + 1 :]
        name = prompt.path[prompt.path.rfind("/") + 1 :]
        ending = name.rpartition(".")[2].lower()
        language = by_path(prompt.path)
        document = _PROSE.fullmatch(ending) is not None or _is_plain(name, language)
        text = _inside(before, language) or _in_comment(line, language)
        prose = document or text or _DATA.fullmatch(ending) is not None or _in_string(line)
        replaces = False
        if isinstance(prompt, Rewrite):
            first = prompt.region.lstrip().partition("\n")[0].rstrip()
            replaces = Fence.of(first) is None
            fenced = document or text or not replaces
            prose = prose or "```" in prompt.region
        else:
            fenced = (document or text) and _MARGIN.fullmatch(line) is not None
        return cls(
            line,
            prose,
            fenced,
            _MARKUP.fullmatch(ending) is not None,
            replaces,
            prose
            or language is None
            or not _UNQUOTED.fullmatch(language.name)
            or not _WANTS_VALUE.search(line),
        )


def unclosed(text: str) -> bool:
    """Whether code may end in the middle of a text: a string, a comment, a here document.

    Every doubt counts as a yes.
    """
    return (
        any(text.count(mark) % 2 for mark in ('"', "`", "'''"))
        or text.rfind("/*") > text.rfind("*/")
        or text.rfind("<!--") > text.rfind("-->")
        or text.rfind("{-") > text.rfind("-}")
        or text.rfind("[[") > text.rfind("]]")
        or text.rfind("=begin") > text.rfind("=end")
        or re.search(r"<<[-~]?[\"'A-Z_]", text) is not None
    )


def _is_plain(name: str, language: Language | None) -> bool:
    """Whether a file without an ending is a text, such as README, and no Makefile."""
    return bool(name) and "." not in name and language is None and not name.endswith("file")


def _inside(text: str, language: Language | None) -> bool:
    """Whether a text ends inside of a comment or a string of several lines."""
    fence = next((it.start() for it in reversed([*_FENCE_LINE.finditer(text)])), -1)
    for mark in ('"""', "'''"):
        # A fence in code stands in a string: one that seems to stand outside of strings tells that
        # the window begins inside of one.
        inside_out = fence >= 0 and mark in text and not text.count(mark, 0, fence) % 2
        if (text.count(mark) + inside_out) % 2:
            return True
    slashed = (
        language is None
        or language.comment == "//"
        or (language.block is not None and language.block[0] == "/*")
    )
    if slashed and text.rfind("/*") > text.rfind("*/"):
        return True
    if language is not None and _TEMPLATES.fullmatch(language.name) and text.count("`") % 2:
        return True
    return text.rfind("<!--") > text.rfind("-->")


def _in_comment(line: str, language: Language | None) -> bool:
    if language is not None:
        return bool(language.comment) and language.comment in line
    return line.lstrip().startswith(("//", "#", "--", ";", "%"))


def _in_string(line: str) -> bool:
    return bool(line.count('"') % 2 or line.count("'") % 2)
