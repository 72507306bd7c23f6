"""Owns the cleaning of a chat model's answer while it streams in.

A chat model is asked for only the missing text and often sends more: a fence around it, sentences
before and after, the line it stands in once again. How an answer begins is `openings`' business;
what leaks and repetitions look like is told in `leaks`, `fences`, `echoes` and `sequels`, and where
they may be content in `surroundings`; here is what becomes of the answer. What is worth showing of
the rest is decided in `core.trim`.

Theory of operation
===================

An answer lives through these stages, each a function of the characters so far, so that it does not
matter how they are cut into pieces:

    OPENING --> ECHO --> BODY --> OVER

- *Opening.* Thoughts, control tokens, polite sentences and an opening fence are dropped. What is
  no such thing is known by its first characters.
- *Echo.* The text before the cursor is dropped where the answer begins with it.
- *Body.* All goes through, but for what may be the beginning of an end: a "<", a line end until the
  next line says something, a line that begins like a fence, like an explanation or like what
  follows anyway. Line ends in front of an end are dropped with what follows.
- *Over.* Nothing more comes, whatever is sent.

What is not certain to be dropped stays. The embedded engine and models that fill in the middle
write nothing but the missing text; their answers need none of this.
"""

import re
from enum import Enum, auto
from functools import cached_property

from spark_lsp.core.prompt import Prompt, Rewrite
from spark_lsp.wire import leaks
from spark_lsp.wire.echoes import Preceding
from spark_lsp.wire.fences import Fence, may_become_fence
from spark_lsp.wire.lines import BLANKS, line_at
from spark_lsp.wire.openings import Opening
from spark_lsp.wire.sequels import Following
from spark_lsp.wire.surroundings import Surroundings, unclosed

_SPECIAL = re.compile(r"[\r\n<]")
_SPECIAL_OR_QUOTE = re.compile(r"[\r\n<`]")
_REMEMBERED = 64_000
"""Characters of an answer above which it is no longer judged whether an explanation follows."""
_GLANCE = 3
"""Characters before a control token that tell whether it is spoken of."""
_INDENTED = re.compile(r" {2}|\t")


class _Stage(Enum):
    OPENING = auto()
    ECHO = auto()
    BODY = auto()
    OVER = auto()


class Cleaner:
    """Cleans one answer: `feed` what comes, then `close`; see the theory of operation above.

    What `feed` and `close` return is, put together, the same however the answer was cut. For a
    `Prompt` it is never longer than the answer and, but for one line end behind a dropped fence,
    consists of its characters in their order. For a `Rewrite` it ends with the line ends that the
    region ends with, unless it is empty.
    """

    def __init__(self, prompt: Prompt | Rewrite) -> None:
        """Take what was asked; the answer is judged by what stands around it."""
        if isinstance(prompt, Prompt):
            self._before, self._region, self._after = prompt.prefix, None, prompt.suffix
        else:
            self._before, self._region, self._after = prompt.before, prompt.region, prompt.after
        self._prompt = prompt
        self._stage = _Stage.OPENING
        self._special = _SPECIAL
        self._held = ""  # what has come and is not judged yet
        self._kept = ""  # lines that may say again what follows
        self._gap = ""  # line ends, and empty lines, that wait for more
        self._starts_line = False  # whether what is held begins a line
        self._said: list[str] = []  # what has been let through
        self._size = 0
        self._long = False  # whether it is too much to be remembered
        self._wrote = False
        self._calm = False  # whether only special characters matter

    # Looked at when an answer comes: most keys are overtaken by the next before one does.

    @cached_property
    def _place(self) -> Surroundings:
        return Surroundings.of(self._prompt)

    @cached_property
    def _marks(self) -> leaks.Marks:
        around = f"{self._before}\n{self._region or ''}\n{self._after}"
        return leaks.Marks(around, markup=self._place.markup)

    @cached_property
    def _opening(self) -> Opening:
        return Opening(self._marks, self._place)

    @cached_property
    def _preceding(self) -> Preceding:
        return Preceding(self._before, self._region, self._after, prose=self._place.prose)

    @cached_property
    def _following(self) -> Following:
        return Following(self._after, self._region)

    @property
    def over(self) -> bool:
        """Whether the answer has ended for us: what the model goes on to write is not wanted."""
        return self._stage is _Stage.OVER

    def feed(self, text: str) -> str:
        """Take in some more of the answer and return what is certain by now, maybe nothing."""
        if self._calm and not self._special.search(text):
            self._remember(text)
            return text
        self._held += text
        return self._advanced(final=False)

    def close(self) -> str:
        """The answer is complete: return the rest of it."""
        rest = self._advanced(final=True)
        if self._stage is not _Stage.OVER:
            kept = "" if self._following.ends_in_echo else self._kept
            rest += kept if self._region is not None else kept + self._gap
            self._wrote = self._wrote or bool(kept)
        self._stage, self._calm = _Stage.OVER, False
        if self._region is None or not self._wrote:
            return rest
        return rest + self._region[len(self._region.rstrip("\r\n")) :]

    def _advanced(self, *, final: bool) -> str:
        if self._stage is _Stage.OPENING:
            self._open(final=final)
        if self._stage is _Stage.ECHO:
            self._drop_echo(final=final)
        said = self._go_on(final=final) if self._stage is _Stage.BODY else ""
        if self._stage is _Stage.OVER:
            self._held = self._kept = self._gap = ""
        waits = self._held or self._kept or self._gap or self._starts_line
        self._calm = self._stage is _Stage.BODY and self._wrote and not waits
        return said

    def _open(self, *, final: bool) -> None:
        """Drop what the answer begins with that is no part of it, once that is known."""
        text, self._held = self._held, ""
        rest = self._opening.feed(text, final=final)
        if self._opening.over:
            self._stage = _Stage.OVER
        elif rest is not None:
            self._held, self._stage = rest, _Stage.ECHO
            if self._opening.quote:
                self._special = _SPECIAL_OR_QUOTE

    def _drop_echo(self, *, final: bool) -> None:
        """Drop what stands before the cursor already, once it is known how much of it is said."""
        text, self._held = self._held, ""
        echo = self._preceding.feed(text, final=final)
        if echo is None:
            return
        again, self._held = self._preceding.raw[:echo], self._preceding.raw[echo:]
        self._starts_line = again.endswith("\n") or (
            not again and (self._opening.fence is not None or not self._place.line)
        )
        if self._opening.fresh and not again and self._is_line(self._held):
            self._gap, self._starts_line = "\n", True
        self._stage = _Stage.BODY

    def _is_line(self, text: str) -> bool:
        """Whether a text that stood on a line of its own cannot continue the cursor's line."""
        line = self._place.line.rstrip()
        if self._region is not None or not line or self._after[:1].strip() or not text.strip():
            return False
        ended = line.endswith(";") and line.count("(") <= line.count(")")
        return _INDENTED.match(text) is not None or (ended and not text[0].isspace())

    # How it goes on, and where it ends.

    def _go_on(self, *, final: bool) -> str:
        """Let through what is held, as far as it is certain; each character is looked at once."""
        said: list[str] = []
        text, at = self._held, 0
        while at < len(text) and self._stage is not _Stage.OVER:
            step = self._line if self._starts_line else self._rest
            end = step(text, at, said, final=final)
            if end is None:
                break
            at = end
        self._held = text[at:]
        return "".join(said)

    def _rest(self, text: str, at: int, said: list[str], *, final: bool) -> int | None:
        """Take what cannot be the beginning of an end; where it ends, None to wait."""
        found = self._special.search(text, at)
        end = len(text) if found is None else found.start()
        if end > at:
            said.append(self._say(text[at:end]))
            return end
        if text.startswith(("\n", "\r\n"), at):
            end = text.index("\n", at) + 1
            self._gap, self._starts_line = text[at:end], True
            return end
        if text[at] == "<":
            ends = self._marks.ends(text, at, self._glance(), final=final)
        elif text[at] == "`":
            ends = self._unquotes(text, at, final=final)
        else:
            ends = None if at + 1 == len(text) and not final else False
        if ends is None:
            return None
        if ends:
            self._stage = _Stage.OVER
        else:
            said.append(self._say(text[at]))
        return at + 1

    def _glance(self) -> str:
        """Some characters before what is looked at, on its line."""
        if self._gap or self._kept:
            return ""
        last = ""
        for text in reversed([self._place.line, *self._said[-_GLANCE:]]):
            last = text[-_GLANCE:] + last
        return last[-_GLANCE:]

    def _unquotes(self, text: str, at: int, *, final: bool) -> bool | None:
        """Whether a backtick ends what backticks have begun."""
        if text.startswith("`" * self._opening.quote, at):
            return True
        return None if not final and text.endswith("`" * (len(text) - at)) else False

    def _line(self, text: str, at: int, said: list[str], *, final: bool) -> int | None:
        """Judge the beginning of a line, or all of it; where what was taken ends, None to wait."""
        whole, after, complete = line_at(text, at, final=final)
        line, blank = whole.rstrip(), len(whole) - len(whole.lstrip())
        if len(self._gap) + blank > BLANKS:
            return self._let_through(at)
        if not line:
            self._gap += text[at:after] if complete else ""
            return after if complete else None
        ends = self._ends_before(line, complete=complete)
        if ends:
            self._stage = _Stage.OVER
            return after
        if ends is None or (not complete and self._following.may_go_on(line)):
            return None
        if not complete or not self._following.goes_on(line):
            return self._let_through(at)
        if self._following.run == 1 and self._kept:
            said.append(self._say(""))
        self._kept += self._gap + whole
        self._gap = text[at + len(whole) : after]
        if self._following.is_echo:
            self._stage = _Stage.OVER
        return after

    def _let_through(self, at: int) -> int:
        """The line that begins here is part of the answer."""
        self._following.breaks()
        self._starts_line = False
        return at

    def _ends_before(self, line: str, *, complete: bool) -> bool | None:
        """Whether the answer ends before a line, by its fence or because it is being explained."""
        core = line.lstrip()
        ours = self._marks.ends_before(core, complete=complete)
        if ours is None or ours:
            return ours
        fence = self._opening.fence
        if fence is not None and core.startswith(fence.mark):
            if complete:
                return fence.closed_by(line)
            return None if may_become_fence(line) else False
        if self._place.prose or self._long or not self._wrote or core != line:
            return False
        if not complete and line.startswith("`") and may_become_fence(line):
            return None
        if line.startswith("`"):
            stray = Fence.of(line) if complete else None
            ends: bool | None = stray is not None and not stray.info
        else:
            ends = self._gap.count("\n") > 1 and leaks.explains(line, complete=complete)
        return ends and not unclosed("".join(self._said))

    def _say(self, text: str) -> str:
        """Return what waits, and a text behind it."""
        text = self._kept + self._gap + text
        self._kept = self._gap = ""
        self._remember(text)
        return text

    def _remember(self, text: str) -> None:
        """Keep account of what is let through."""
        if not text:
            return
        self._wrote = True
        self._said.append(text)
        self._size += len(text)
        if self._size > _REMEMBERED:
            self._said = ["".join(self._said)[-_GLANCE:]]
            self._size, self._long = 0, True
