"""One row of signs per language.

Owns the data; what the fields mean and how they are used is told in `signs`. A language that has no
row is code with brackets; a text of which nothing is known may be prose.
"""

import re
from collections.abc import Mapping
from functools import cache

from spark_lsp.core.showing.signs import END, Signs

# One comment or string each. What does not end goes on to the end of the line, or of the text.
_HASH = r"#[^\r\n]*"
_HASH_APART = r"(?<!\S)#[^\r\n]*"
_SLASHES = r"//[^\r\n]*"
_DASHES = r"--[^\r\n]*"
_BLOCK = r"/\*(?s:.*?)(?:\*/|\Z)"
_DOUBLE = r'"(?:[^"\\\r\n]|\\.)*(?:"|\\?(?=[\r\n])|\\?\Z)'
_SINGLE = r"'(?:[^'\\\r\n]|\\.)*(?:'|\\?(?=[\r\n])|\\?\Z)"
_SINGLE_APART = rf"(?<!\w){_SINGLE}"
_TRIPLE = r'"""(?s:[^"\\]|\\.|"(?!""))*(?:"""|\\?\Z)'
_TRIPLE_SINGLE = r"'''(?s:[^'\\]|\\.|'(?!''))*(?:'''|\\?\Z)"
_TEMPLATE = r"`(?s:[^`\\]|\\.)*(?:`|\\?\Z)"
_RAW = r"`[^`]*(?:`|\Z)"
_LETTER = rf"(?P<letter>(?<!\w)'(?:\\.[^'\r\n]*(?:'|\Z)|[^'\\\r\n]'|[^\r\n]{{0,2}}{END}?\Z))"
_PATTERN = (
    r"(?:(?<=[(=,:\[!&|?])|(?<=[(=,:\[!&|?] ))/(?![/*])(?:[^/\\\r\n]|\\.)*(?:/|(?=[\r\n])|\Z)"
)


def _c_like(
    *strings: str,
    comments: str = f"{_SLASHES}|{_BLOCK}",
    spans: str = "",
    labels: bool = False,
    resumes: str = "else catch finally",
    opens: re.Pattern[str] | None = None,
    closes: frozenset[str] = frozenset(),
) -> Signs:
    return Signs(
        comments=comments,
        strings="|".join(strings),
        spans=frozenset({"*/", *spans.split()}),
        labels=labels,
        resumes=frozenset(resumes.split()),
        opens=opens,
        closes=closes,
    )


def _words(
    *strings: str,
    comments: str,
    opens: str,
    closes: str,
    resumes: str,
    spans: str = "",
    stray: str = "",
) -> Signs:
    return Signs(
        comments=comments,
        strings="|".join(strings),
        spans=frozenset(spans.split()),
        stray=stray,
        opens=re.compile(opens),
        closes=frozenset(closes.split()),
        resumes=frozenset(resumes.split()),
    )


_ELEMENT = re.compile(
    r"<(?!(?:br|hr|img|input|link|meta|wbr|col|area|base|embed|source|track)\b)[A-Za-z][^<>]*(?<![/=])>\Z"
)
_SCRIPT = _c_like(
    _TEMPLATE,
    _DOUBLE,
    _SINGLE,
    _PATTERN,
    spans="`",
    labels=True,
    opens=_ELEMENT,
    closes=frozenset({"</"}),
)
_C = _c_like(_DOUBLE, _LETTER, labels=True)
_TRIPLED = _c_like(_TRIPLE, _DOUBLE, _LETTER, spans='"""', labels=True)

PROSE = Signs(brackets=False, prose=True, signs=False, indented=False, resumes=frozenset())
"""Text for people, of which nothing more is known."""
CODE = Signs(strings=_DOUBLE, labels=True, indented=True)
"""Code in a language that we do not know."""

_ROWS: Mapping[str, Signs] = {
    "python": Signs(
        comments=_HASH,
        strings=f"{_TRIPLE}|{_TRIPLE_SINGLE}|{_DOUBLE}|{_SINGLE}",
        spans=frozenset({'"""', "'''"}),
        colon=True,
        resumes=frozenset({"else", "elif", "except", "finally"}),
        signs=False,
    ),
    "ruby": _words(
        _DOUBLE,
        _SINGLE_APART,
        comments=_HASH,
        opens=r"^\s*(?:def|class|module|if|unless|while|until|case|begin|for|else|elsif|when"
        r"|rescue|ensure)\b|\bdo(?:\s*\|[^|]*\|)?\Z",
        closes="end",
        resumes="else elsif when rescue ensure then",
    ),
    "php": _c_like(_DOUBLE, _SINGLE, comments=rf"{_SLASHES}|{_BLOCK}|#(?!\[)[^\r\n]*", labels=True),
    "bash": _words(
        _DOUBLE,
        _SINGLE,
        comments=_HASH_APART,
        opens=r"\b(?:then|do|else|in)\Z",
        closes="fi done esac",
        resumes="then else elif do ;;",
        stray=")",
    ),
    "lua": _words(
        r"\[\[(?s:.*?)(?:\]\]|\Z)",
        _DOUBLE,
        _SINGLE,
        comments=rf"--\[\[(?s:.*?)(?:\]\]|\Z)|{_DASHES}",
        opens=r"\b(?:then|do|else|repeat)\Z|\bfunction\b[^()]*\([^()]*\)\Z",
        closes="end until",
        resumes="else elseif",
        spans="]]",
    ),
    "javascript": _SCRIPT,
    "typescript": _SCRIPT,
    "tsx": _SCRIPT,
    "go": _c_like(_RAW, _DOUBLE, _LETTER, spans="`", labels=True),
    "rust": _c_like(
        r'r#"(?s:.*?)(?:"#|\Z)', _DOUBLE, _LETTER, spans='"#', resumes="else where", labels=True
    ),
    "c": _C,
    "cpp": _C,
    "zig": _c_like(
        _DOUBLE, _LETTER, comments=rf"{_SLASHES}|\\\\[^\r\n]*", resumes="else catch", labels=True
    ),
    "java": _TRIPLED,
    "csharp": _TRIPLED,
    "kotlin": _TRIPLED,
    "scala": _TRIPLED,
    "swift": _c_like(_TRIPLE, _DOUBLE, spans='"""', labels=True),
    "elixir": _words(
        _TRIPLE,
        _DOUBLE,
        _SINGLE_APART,
        r"\?[\"'()\[\]{}]",
        comments=_HASH,
        opens=r"(?:\b(?:do|else|after|rescue|catch)|->)\Z",
        closes="end",
        resumes="else rescue catch after",
        spans='"""',
    ),
    "haskell": _words(
        _DOUBLE,
        _LETTER,
        comments=rf"\{{-(?s:.*?)(?:-\}}|\Z)|{_DASHES}",
        opens=r"(?:\b(?:where|do|of|let|then|else)|=)\Z",
        closes="",
        resumes="where then else of in deriving",
        spans="-}",
    ),
    "html": Signs(
        comments=r"<!--(?s:.*?)(?:-->|\Z)",
        spans=frozenset({"-->"}),
        brackets=False,
        opens=_ELEMENT,
        closes=frozenset({"</"}),
        resumes=frozenset(),
        signs=False,
    ),
    "css": Signs(
        comments=_BLOCK,
        strings=f"{_DOUBLE}|{_SINGLE}",
        spans=frozenset({"*/"}),
        resumes=frozenset(),
        signs=False,
    ),
    "markdown": Signs(
        strings=r"```(?s:.*?)(?:```|\Z)",
        spans=frozenset({"```"}),
        brackets=False,
        prose=True,
        signs=False,
        indented=False,
        resumes=frozenset(),
    ),
    "sql": Signs(
        comments=f"{_DASHES}|{_BLOCK}",
        strings=f"{_SINGLE}|{_DOUBLE}",
        spans=frozenset({"*/"}),
        resumes=frozenset(),
        signs=False,
        ended=";",
    ),
    "json": Signs(comments=_SLASHES, strings=_DOUBLE, resumes=frozenset(), signs=False),
    "yaml": Signs(
        comments=_HASH_APART,
        strings=f"{_DOUBLE}|{_SINGLE_APART}",
        brackets=False,
        colon=True,
        resumes=frozenset(),
        signs=False,
        indented=False,
    ),
    "toml": Signs(
        comments=_HASH,
        strings=f"{_TRIPLE}|{_TRIPLE_SINGLE}|{_DOUBLE}|{_SINGLE}",
        spans=frozenset({'"""', "'''"}),
        resumes=frozenset(),
        signs=False,
    ),
}


@cache
def signs_of(language: str) -> Signs:
    """Return the row of a language by our name for it, or that of code in general."""
    return _ROWS.get(language, CODE)
