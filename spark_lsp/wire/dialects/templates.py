"""Owns how each family of fill-in-the-middle models wants prefix, suffix and repository put.

The prompt is text, and the server turns control tokens in it into what they mean. That is wanted of
ours and of nobody else's: where a file of the person's contains a control token, a space is put
into it, which no tokenizer reads as control, and which a model can copy without harm.

What is stable comes first: what the sections become is the same to the byte as long as they are,
and can be kept. Codestral alone was trained on the suffix first; while a person types it stays the
same, too, but the repository is read anew when the cursor moves far.

Sources:

- qwen2.5-coder: technical report (arXiv 2409.12186) figures 3 and 4, README of Qwen2.5-Coder.
- starcoder2: "StarCoder 2 and The Stack v2" (arXiv 2402.19173) §5.1; the only line end it adds is
  that behind a path.
- deepseek-coder: README of DeepSeek-Coder, repository level completion: "#path" in a line of its
  own, also before the file that is completed.
- codellama: the paper (arXiv 2308.12950) §3.2 and Meta's infilling code, with these very spaces.
  It knows nothing of other files, so they are shown as comments in front of the prefix.
- codestral: mistral-common's `encode_fim` and the cookbook on tokenization for the order; files in
  the form "+++++ path" that Mistral gave Continue for it.
- granite, granite-4: model cards; llama.cpp's list of FIM tokens. What file separators these have
  is documented nowhere, and a user has reported garbage with them: hence comments here as well.
- codegemma: ai.google.dev, "CodeGemma formatting and system instructions".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from spark_lsp.core.languages import by_path
from spark_lsp.wire.dialects.sections import Section

SUFFIX = "suffix"
"""The template of servers that have a field for the suffix, and put it as they know best."""

_PROJECT = "project"
"""What stands for the repository's name: a fixed word, as llama.cpp does it."""
_PLACEHOLDER = re.compile(r"\{(context|path|prefix|suffix)\}")
_CONTROL = re.compile(r"<[^<>\s]{1,60}>|\[/?[A-Z_]{2,40}\]")
"""What looks like a control token in a template of the person's own."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How sections are put in front of a prompt: an opening, each by itself, a closing."""

    spelled: Callable[[Section], str]
    opening: str = ""
    closing: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """How one family is asked.

    Attributes:
        form: the prompt, with {context}, {path}, {prefix} and {suffix}.
        bare: the same where there is no context; "" for the same form. Models react badly to a
            repository without files.
        ends: what ends an answer, the most telling first. Nothing that code may contain.
        control: what else the tokenizer reads as control.
        context: how sections are shown to who writes in the file at a path.
        has_field: whether the suffix goes into a field of its own.
        sent: how many of the ends the server is told. OpenAI, and with it many, take four; the
            reader knows all of them.
    """

    form: str
    ends: tuple[str, ...]
    context: Callable[[str], Manner]
    bare: str = ""
    control: tuple[str, ...] = ()
    has_field: bool = False
    sent: int = 4
    _live: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _literals: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        tokens = {token for token in (*self.ends, *self.control) if _CONTROL.fullmatch(token)}
        # One character at a time, so that of tokens inside of tokens none stays.
        live = "|".join(re.escape(token) for token in sorted(tokens)) or r"(?!)"
        object.__setattr__(self, "_live", re.compile(rf"(?=(?:{live}))(.)", re.DOTALL))
        object.__setattr__(self, "_literals", tuple(sorted(tokens)))

    def harmless(self, text: str) -> str:
        """Return a text in which nothing is read as control."""
        if not any(token in text for token in self._literals):
            return text
        return self._live.sub(r"\1 ", text)

    @property
    def stops(self) -> tuple[str, ...]:
        """What the server is told to stop at."""
        return self.ends[: self.sent]

    def spelled(self, section: Section, manner: Manner) -> str:
        """Return what one section becomes."""
        return manner.spelled(Section(self.harmless(section.path), self.harmless(section.text)))

    def render(self, head: str, path: str, prefix: str, suffix: str) -> str:
        """Return the prompt."""
        form = self.form if head or not self.bare else self.bare
        values = {
            "context": head,
            "path": self.harmless(path),
            "prefix": self.harmless(prefix),
            "suffix": self.harmless(suffix),
        }
        # The values are not looked at again, so placeholders in them are text.
        parts = _PLACEHOLDER.split(form)
        return "".join(values[part] if at % 2 else part for at, part in enumerate(parts))


def _files(opening: str, mark: str, end: str = "\n") -> Callable[[str], Manner]:
    """Return a manner with each section under its path, ended by `end`, for files of any kind."""
    manner = Manner(lambda it: f"{mark}{it.path}\n{_ended(it.text, end)}", opening)
    return lambda _path: manner


def _ended(text: str, end: str) -> str:
    """Return a text with as much of `end` added as it does not end with."""
    given = next(size for size in range(len(end), -1, -1) if text.endswith(end[:size]))
    return text + end[given:]


def _comments(path: str) -> Manner:
    """Return a manner with sections as comments of the language of the file at `path`."""
    language = by_path(path)
    if language and language.block and not language.comment:
        return _block_comments(*language.block)
    return _line_comments(language.comment if language and language.comment else "#")


# The same manner for the same language, so that what it has spelled can be kept.
@lru_cache
def _line_comments(mark: str) -> Manner:
    def spelled(it: Section) -> str:
        text = it.text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
        return f"{mark} Path: {it.path}\n{mark} " + text.replace("\n", f"\n{mark} ") + "\n"

    return Manner(spelled, closing="\n")


@lru_cache
def _block_comments(start: str, stop: str) -> Manner:
    broken = f"{stop[:-1]} {stop[-1]}"  # a comment inside of it must not end it

    def spelled(it: Section) -> str:
        return f"Path: {it.path}\n{_ended(it.text, chr(10))}".replace(stop, broken)

    return Manner(spelled, f"{start}\n", f"{stop}\n")


_QWEN = Template(
    form="{context}<|file_sep|>{path}\n<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>",
    bare="<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>",
    context=_files(f"<|repo_name|>{_PROJECT}\n", "<|file_sep|>"),
    ends=(
        "<|endoftext|>",
        "<|file_sep|>",
        "<|fim_pad|>",
        "<|repo_name|>",
        "<|fim_prefix|>",
        "<|fim_suffix|>",
        "<|fim_middle|>",
        "<|im_start|>",
        "<|im_end|>",
    ),
)
_STARCODER_ENDS = (
    "<|endoftext|>",
    "<file_sep>",
    "<fim_pad>",
    "<fim_prefix>",
    "<fim_suffix>",
    "<fim_middle>",
)
_STARCODER = Template(
    form="{context}<file_sep><fim_prefix>{path}\n{prefix}<fim_suffix>{suffix}<fim_middle>",
    bare="<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>",
    context=_files(f"<repo_name>{_PROJECT}", "<file_sep>", end=""),
    ends=_STARCODER_ENDS,
    control=("<repo_name>",),
)
# The bars of DeepSeek's tokens are full-width ones.
_BEGIN, _HOLE, _END = (f"<\uff5cfim▁{it}\uff5c>" for it in ("begin", "hole", "end"))
_DEEPSEEK = Template(
    form=f"{_BEGIN}{{context}}#{{path}}\n{{prefix}}{_HOLE}{{suffix}}{_END}",
    bare=f"{_BEGIN}{{prefix}}{_HOLE}{{suffix}}{_END}",
    context=_files("", "#"),
    ends=(
        "<\uff5cend▁of▁sentence\uff5c>",
        "<|EOT|>",
        _BEGIN,
        _HOLE,
        _END,
        "<\uff5cbegin▁of▁sentence\uff5c>",
    ),
)
_LLAMA = Template(
    form="<PRE> {context}{prefix} <SUF>{suffix} <MID>",
    context=_comments,
    ends=("<EOT>", "<MID>", "<SUF>"),
    # Tags of HTML, too, so no ends of an answer.
    control=("<PRE>", "<s>", "</s>"),
)
_PLUS_FILES = _files("", "+++++ ", end="\n\n")
_NEXT_FILE = "\n+++++ "
"""Where a model of Mistral's goes on with another file."""
_CODESTRAL = Template(
    form="[SUFFIX]{suffix}[PREFIX]{context}+++++ {path}\n{prefix}",
    bare="[SUFFIX]{suffix}[PREFIX]{prefix}",
    context=_PLUS_FILES,
    ends=("[PREFIX]", "[SUFFIX]", "[MIDDLE]", _NEXT_FILE),
    control=(
        "<s>",
        "</s>",
        "[INST]",
        "[/INST]",
        "[TOOL_CALLS]",
        "[AVAILABLE_TOOLS]",
        "[TOOL_RESULTS]",
    ),
)
_GRANITE = Template(
    form="<fim_prefix>{context}{prefix}<fim_suffix>{suffix}<fim_middle>",
    context=_comments,
    ends=(*_STARCODER_ENDS, "<|end_of_text|>"),
    control=("<filename>", "<reponame>"),
)
_GRANITE_4 = Template(
    form="<|fim_prefix|>{context}{prefix}<|fim_suffix|>{suffix}<|fim_middle|>",
    context=_comments,
    ends=(
        "<|end_of_text|>",
        "<|fim_pad|>",
        "<|filename|>",
        "<|reponame|>",
        "<|fim_prefix|>",
        "<|fim_suffix|>",
        "<|fim_middle|>",
        "<|start_of_role|>",
        "<|end_of_role|>",
    ),
)
_GEMMA = Template(
    form="{context}<|file_separator|>{path}\n"
    "<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>",
    bare="<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>",
    context=_files("", "<|file_separator|>"),
    ends=(
        "<|file_separator|>",
        "<|fim_prefix|>",
        "<|fim_suffix|>",
        "<|fim_middle|>",
        "<end_of_turn>",
        "<start_of_turn>",
    ),
    control=("<bos>", "<eos>"),
)

_NAMED: Mapping[str, Template] = {
    "qwen2.5-coder": _QWEN,
    "starcoder2": _STARCODER,
    "deepseek-coder": _DEEPSEEK,
    "codellama": _LLAMA,
    "codestral": _CODESTRAL,
    "granite": _GRANITE,
    "granite-4": _GRANITE_4,
    "codegemma": _GEMMA,
}

LEAKS = tuple(
    dict.fromkeys(end for it in _NAMED.values() for end in it.ends if end.startswith("<"))
)
"""What ends an answer of whatever model. Brackets are left out: `names[PREFIX]` is code."""

_SERVERS = Template(form="{context}{prefix}", context=_comments, ends=LEAKS, has_field=True, sent=0)
MISTRAL = Template(
    form="{context}+++++ {path}\n{prefix}",
    bare="{prefix}",
    context=_PLUS_FILES,
    ends=(_NEXT_FILE,),
    has_field=True,
)
"""How Mistral's server is asked, which puts the suffix itself and reads no control tokens."""

NAMES = (*_NAMED, SUFFIX)
"""The templates that have a name."""

_FAMILIES = (
    ("codestral", "codestral"),
    ("starcoder", "starcoder2"),
    ("deepseek-coder", "deepseek-coder"),
    ("codellama", "codellama"),
    ("code-llama", "codellama"),
    ("granite-4", "granite-4"),
    ("granite4", "granite-4"),
    ("granite", "granite"),
    ("codegemma", "codegemma"),
    ("qwen", "qwen2.5-coder"),
)


def named_for(model: str, otherwise: str) -> str:
    """Return the name of the template for a model by its name, such as "qwen2.5-coder:7b"."""
    lowered = model.lower()
    return next((name for part, name in _FAMILIES if part in lowered), otherwise)


def template_flaw(text: str) -> str | None:
    """Return what is wrong with a template, its name or its text, in words that follow its name."""
    if not text or text in NAMES:
        return None
    if "{" not in text:
        known = ", ".join(NAMES)
        text_of_ones_own = "or a text with {prefix} and {suffix}"
        return f"there is no such template: use one of {known}, {text_of_ones_own}"
    found = _PLACEHOLDER.findall(text)
    for name in ("prefix", "suffix"):
        if name not in found:
            return f"write {{{name}}} where the text {_WHERE[name]} the cursor belongs"
    for name in found:
        if found.count(name) > 1:
            return f"write {{{name}}} once only"
    return None


_WHERE = {"prefix": "before", "suffix": "after"}


@lru_cache(maxsize=16)
def template(text: str) -> Template:
    """Return a template by its name or its text; one with a flaw is used as far as it goes."""
    if text == SUFFIX:
        return _SERVERS
    if text in _NAMED:
        return _NAMED[text]
    literals = _PLACEHOLDER.sub("\n", text)
    tokens = tuple(dict.fromkeys(_CONTROL.findall(literals)))
    return Template(form=text, context=_comments, ends=(*tokens, *LEAKS), sent=min(4, len(tokens)))
