"""Which characters of a text are secrets: masked before anyone but the editor sees them.

A rule starts from an *anchor*, a literal that a search in C finds, and then looks at what stands
around it, never further than its *reach*. Anchors are judged each for itself, so a part of a text
can be masked without reading the rest, and gives exactly that part of the masked text.

A mask never makes another rule match: `_MASKED` is no secret, and no boundary before one. So
masking twice is masking once.
"""

import re
from binascii import a2b_base64
from collections import Counter
from collections.abc import Iterator
from math import log2
from typing import NamedTuple

from spark_lsp.core.credentials import Found, private_keys, tokens, web_tokens

_MARGIN = 1024
"""Characters on either side of a text that decide, at most, what is secret inside of it."""


class Secret(NamedTuple):
    """A secret: from `start` up to `end`, in code points, and the name of what found it."""

    start: int
    end: int
    rule: str


def find(text: str) -> list[Secret]:
    """Return the secrets of a text, in order, none overlapping."""
    return _merged(_within(text, 0, len(text)))


def redact(text: str) -> str:
    """Return the text with `*` for each character of a secret but line ends."""
    return redacted(text, 0, len(text))


def redacted(text: str, start: int, end: int) -> str:
    """Return `redact(text)[start:end]`, by reading only what stands around it."""
    start, end, _ = slice(start, end).indices(len(text))
    pieces: list[str] = []
    done = start
    for it in _merged(_within(text, start, end)):
        first, last = max(it.start, start), min(it.end, end)
        stars = _NO_LINE_END.sub(lambda match: "*" * len(match[0]), text[first:last])
        pieces += (text[done:first], stars)
        done = last
    return "".join([*pieces, text[done:end]]) if pieces else text[start:end]


_NO_LINE_END = re.compile(r"[^\r\n]+")


def _within(text: str, start: int, end: int) -> list[Found]:
    """Return what has a part in a range."""
    low = max(0, start - _MARGIN)
    found = [(low + at, low + till, rule) for at, till, rule in _near(text[low : end + _MARGIN])]
    found += web_tokens(text, start, end)
    found += private_keys(text, start, end)
    return [it for it in found if it[0] < end and it[1] > start]


def _merged(found: list[Found]) -> list[Secret]:
    """Join what overlaps under the name of what begins first."""
    merged: list[Secret] = []
    for start, end, rule in sorted(found):
        if merged and start < merged[-1].end:
            if end > merged[-1].end:
                merged[-1] = merged[-1]._replace(end=end)
        else:
            merged.append(Secret(start, end, rule))
    return merged


# --- Places whose values are secrets -------------------------------------------------------------

_TAIL = (
    r"s?[0-9]{0,3}(?:[_.-]?(?:access|account|api|auth|base|base64|b64|client|current|default|dev"
    r"|encoded|env|hex|key|live|new|old|plain|prod|production|raw|sandbox|secret|staging|str|string"
    r"|test|text|token|val|value)|[_.-][a-z0-9]){0,3}[0-9]{0,3}"
)
"""What may follow the word in a name that still says: this is one."""

_TO_VALUE = r"""
    (?P<close>\\?["'`])?[\])]?
    (?: [ \t]{0,4}(?::[ \t]?|[ \t]|(?=\[))[a-z&'\[\]<>?|0-9 \t]{1,32}(?::=|={1,3})(?![=>])
      | [ \t]{0,20}(?:=>|:=|\?=|\|\|=|[=!]?={1,2}|->|<-|[:({>])
      | (?:(?<=["'`])|(?<=["'`]\]))[ \t]{0,4}(?:,|[ \t]value[ ]?=)
      | [ \t]{1,4}(?=["'])
      | (?P<bare>[ \t])(?=[^\s=:"'-]{6,64}(?:\s|\Z))
    )
    [ \t]{0,20}
    (?:[a-z_][a-z0-9_.:]{0,30}+!?\()?
    (?:(?:[brufl@$&]{0,2})(?P<quote>\\?(?:\"{3}|'{3}|["'`])))?
"""
_FAR = r"[^\r\n\"'*]{0,100}+(?P<far>[\"'])(?=[A-Za-z0-9+/_-]{32,512}={0,2}[\"'])"

_KEYS = (
    "access", "account", "admin", "aes", "api", "app", "application", "auth", "client", "consumer",
    "cookie", "crypt", "deploy", "encryption", "hmac", "jwt", "license", "maps", "master",
    "private", "rpc", "secret", "service", "session", "shared", "sign", "signing", "ssh",
    "storage", "stripe", "subscription", "token", "webhook",
)  # fmt: skip
"""What makes a key one that opens."""

_NAMES = tuple(
    re.compile(rf"{words}(?={_TAIL}{_TO_VALUE}(?P<value>)|{far})", re.VERBOSE)
    for words, far in (
        ("p(?:ass(?:w(?:or)?d|phrase|code)?|wd)", "(?!)"),
        ("c(?:(?<=sec)ret|redentials?)", _FAR),
        ("k(?:(?<=to[k])en|ey)", _FAR),
    )
)
"""Words and what stands up to a value, each from a letter that is rare."""

_IN_QUOTES = {
    '"': re.compile(r'(?:[^"\\\r\n]|\\[^\r\n]){0,512}+'),
    "'": re.compile(r"(?:[^'\\\r\n]|\\[^\r\n]){0,512}+"),
    "`": re.compile(r"[^`\r\n]{0,512}+"),
}
_IN_ESCAPED_QUOTES = re.compile(r"[^\"'`\\\r\n]{0,512}+")
_UNQUOTED = re.compile(r"[^\s\"'`<>;,|(){}\[\]\\&]{6,512}+(?=[\s\"'`;<&\\]|\Z)")


_COMMAND = re.compile(r"(?:--|\benv[ \t])[a-z0-9_.-]*\Z")
"""What stands before a name whose value follows behind a blank: a shell's or a container's."""


def _assigned(text: str, low: str) -> Iterator[Found]:
    """Find what is assigned to, compared with or passed as something with a telling name."""
    for pattern in _NAMES:
        for match in pattern.finditer(low):
            at, word = match.start(), match[0]
            before = low[max(0, at - 40) : at]
            if before.endswith("***") or (match["bare"] and not _COMMAND.search(before)):
                continue
            if word[0] == "p":
                if word == "pass" and before[-1:].isalpha() and text[at].islower():
                    continue
                rule = "password"
            elif word == "cret":
                rule = "secret"
            else:
                if word == "key" and not before.rstrip("_-. ").endswith(_KEYS):
                    continue
                rule = "token"
            yield from _value(text, match, rule)


def _value(text: str, name: re.Match[str], rule: str) -> Iterator[Found]:
    """Find the value behind a name, if it looks like one."""
    quote, strong = name["quote"], rule != "token"
    at = name.end("value")
    if "far" in name.re.groupindex and name["far"]:
        quote, at, strong = name["far"], name.end("far"), False
    if quote:
        inside = _IN_ESCAPED_QUOTES if quote[0] == "\\" else _IN_QUOTES[quote[-1]]
        found = inside.match(text, at)
    else:
        found = None if text[at - 1] in "({" else _UNQUOTED.match(text, at)
    if found and (quote or _plain(found[0], strong=strong)) and _real(found[0], strong=strong):
        yield at, found.end(), rule


# --- What a real one looks like ------------------------------------------------------------------

_PLACEHOLDER = re.compile(
    r"example|sample|placeholder|change.?(?:me|this|it)|your[-_ .a-z]{2}|x{5}|\.{3}|\*{3}|<[a-z/]"
    r"|redacted|replace.?(?:me|this|with)|insert.?(?:your|here)|enter.?your|not.?(?:a.?)?(?:real|secret)"
    r"|\$[{(]|\{\{|[%#][{(]|%[a-z]+%|\{[a-z0-9_.]*\}|\A[$@%&][a-z.]+\Z|\A\$[a-z]*_[a-z0-9_]*\Z|%s|://|\(\?|\\[dws]|\[[a-z^]"
    r"|\A[.~]{0,2}/[a-z.]|\A[a-z]:\\|\.[a-z]{1,4}\Z|\A\*|\A\[.*\]\Z|(.)\1{5}"
)
_WORDS = re.compile(r"[-_.:/+]*[^\W\d_]+(?:[-_.:/+]+[^\W\d_]+)*[-_.:/?*=]*")
_NUMBERED = re.compile(
    r"[a-z_]*(?:pass|pwd|secret|token|key|user|field|test|name)[a-z_]*[0-9]{1,2}"
    r"|[a-z0-9]{1,8}(?:[-_.][a-z]+)+|[a-z]+(?:[-_.][a-z]+)+[-_.]?v?[0-9]{1,4}|0?123456789?0?",
    re.IGNORECASE,
)
_DENSE = re.compile(r"(?=[A-Za-z+/]*[0-9])[A-Za-z0-9+/]{12}")
_CONSONANTS = re.compile(r"[b-df-hj-np-tv-xz]{5}", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_BETWEEN = re.compile(r"[A-Za-z][0-9]{1,4}[A-Za-z]")
_COMMON = re.compile(
    r"(?<![A-Za-z0-9])(?:sha|md|utf|latin|base|int|float|oauth|aes|x|v|b|k|i|l|rs|hs|es)"
    r"-?[0-9]{1,4}[a-z]?(?![A-Za-z0-9])|[0-9]+(?:\.[0-9]+)+",
    re.IGNORECASE,
)
_SPECIAL = re.compile(r"[A-Za-z0-9][!@#$%^*~&+=]")


def _real(value: str, *, strong: bool) -> bool:
    """Whether a literal is a secret, rather than a name of one, a word or a hole to be filled."""
    if not (6 if strong else 16) <= len(value) or any(map(str.isspace, value)):
        return False
    if any(it.fullmatch(value) for it in (_NUMBERED, _COMMON)) or _PLACEHOLDER.search(
        value.lower()
    ):
        return False
    if _WORDS.fullmatch(value):
        # Random letters cannot be said aloud.
        mixed = value.isalpha() and not value.islower() and not value.isupper()
        return len(value) >= 12 and mixed and bool(_CONSONANTS.search(value))
    if strong:
        return len(set(value)) >= 4
    dense = _UUID.fullmatch(value) or (_DENSE.search(value) and _entropy(value) >= 3)
    return bool(dense) and 2 <= sum(map(str.isdigit, value)) < len(value)


def _plain(value: str, *, strong: bool) -> bool:
    """Whether what stands without quotes is a literal, rather than an expression."""
    if value.replace(".", "").replace("_", "").isdigit() or "::" in value:
        return False
    if _BETWEEN.search(_COMMON.sub("", value)):
        return True
    return strong and any(map(str.isdigit, value)) and bool(_SPECIAL.search(value))


def _entropy(value: str) -> float:
    """Return Shannon's entropy of the characters, in bits per character."""
    size = len(value)
    return -sum(count / size * log2(count / size) for count in Counter(value).values())


# --- Credentials in places of their own ----------------------------------------------------------

_BEARER = re.compile(r"Bearer(?=[ \t]{1,4}([A-Za-z0-9._~+/-]{16,512}+={0,2}+)(?!\*{4}))")
_HEADER = re.compile(
    r"z(?<=authoriz)ation(?=[\"'`\]\\]{0,4}[ \t]{0,8}[:=,][ \t]{0,8}(?:[brfu]{0,2}[\"'`\\]{1,3})?"
    r"(?:(?P<scheme>[a-z]{3,12})[ \t]{1,4})?(?P<value>[a-z0-9._~+/=-]{8,512}+)(?!\*{4}))"
)
_URL = re.compile(
    r"""://(?=(?:
      hooks\.slack\.com/(?:services|workflows|triggers)/(?P<slack>[A-Za-z0-9/_-]{20,120})
    | (?:ptb\.|canary\.)?discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/
        (?P<discord>[0-9]{10,25}/[\w-]{30,90})
    | [a-z0-9.-]{1,60}\.webhook\.office\.com/(?P<teams>[\w@/-]{60,300})
    | [^\s:@/"'<>`*]{0,64}:(?P<password>[^\s@/"'<>`]{4,256})@
    | (?P<user>[A-Za-z0-9_-]{20,256})@
    ))""",
    re.VERBOSE,
)
_CURL = re.compile(
    r"curl(?=[^\r\n]{0,200}?\s(?:-u|--user)[ =]?[\"']?[A-Za-z0-9_.@+-]{1,64}:([^\s\"'`@]{4,128}))"
)


def _placed(text: str) -> Iterator[Found]:
    for match in _URL.finditer(text):
        rule = match.lastgroup or ""
        start, end = match.span(rule)
        value = match[rule]
        if rule == "user":
            known = any(map(str.isdigit, value)) and _entropy(value) >= 3
        else:
            known = rule != "password" or (
                not _PLACEHOLDER.search(value.lower())
                and not _WORDS.fullmatch(value)
                and not _NUMBERED.fullmatch(value)
                and value[0] not in "$%{"
            )
        if known:
            yield (start, end, "url-" + rule)
    for match in _CURL.finditer(text):
        if _real(match[1], strong=True):
            yield (*match.span(1), "curl-password")


def _authorized(text: str, low: str) -> Iterator[Found]:
    for match in _BEARER.finditer(text):
        if _real(text[slice(*match.span(1))], strong=False):
            yield (*match.span(1), "bearer")
    for match in _HEADER.finditer(low):
        start, end = match.span("value")
        value = text[start:end]
        if _real(value, strong=False) or (match["scheme"] == "basic" and _is_basic(value)):
            yield (start, end, "authorization")


def _is_basic(value: str) -> bool:
    """Whether this is a user and a password as HTTP spells them."""
    try:
        decoded = a2b_base64(value + "=" * (-len(value) % 4))
    except ValueError:
        return False
    return b":" in decoded and decoded.isascii()


def _near(text: str) -> Iterator[Found]:
    low = text.lower()
    if len(low) != len(text):
        # The one character that grows.
        low = text.replace("\u0130", "I").lower()
    yield from tokens(text)
    yield from _assigned(text, low)
    yield from _placed(text)
    yield from _authorized(text, low)
