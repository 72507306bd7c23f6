"""Each template keeps to its model's form whatever texts hold, and to the cache while one types."""

import re
from bisect import bisect_left
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.core.text import Text
from spark_lsp.core.windows import Tail
from spark_lsp.wire.dialects.filling import Filler
from spark_lsp.wire.dialects.sections import Own, Section, own, sections
from spark_lsp.wire.dialects.templates import (
    LEAKS,
    NAMES,
    SUFFIX,
    named_for,
    template,
    template_flaw,
)

OWN = "{context}<a[B]c>{prefix}[B]{suffix}<|x|>"
TOKENS = {name: template(name)._literals for name in [*NAMES, OWN]}
PIECES = sorted(
    {part for tokens in TOKENS.values() for it in tokens for part in (it, it[:-1], it[1:])}
)
TEXTS = st.lists(
    st.sampled_from([*PIECES, "<", "[", "\n", " ", "*/", "-->"]) | st.text(max_size=3), max_size=6
).map("".join)


def filled(name: str, prompt: Prompt) -> str:
    return Filler(template(name)).fill(prompt).prompt


def counted(name: str, text: str) -> list[int]:
    """How often each control token of a template occurs."""
    return [text.count(token) for token in TOKENS[name]]


@given(
    st.sampled_from(sorted(TOKENS)),
    st.lists(st.tuples(TEXTS, TEXTS), max_size=3),
    st.sampled_from(["a.py", "a.html", "a.css", "a"]),
    TEXTS,
    TEXTS,
)
def test_control_tokens_in_a_text_are_only_text(
    name: str, files: list[tuple[str, str]], path: str, prefix: str, suffix: str
) -> None:
    """The prompt has the tokens that it has with plain texts, and no others."""
    stable = tuple(Block("chunk", it, f"{text}.") for it, text in files)
    plain = tuple(Block("chunk", "x", "x") for _ in files)

    spelled = filled(name, Prompt(stable, path, prefix, suffix))

    assert counted(name, filled(name, Prompt(plain, path, "x", "x"))) == counted(name, spelled)


@given(st.sampled_from(sorted(TOKENS)), TEXTS)
def test_a_text_is_made_harmless_by_spaces_alone(name: str, text: str) -> None:
    way = template(name)
    safe = way.harmless(text)

    assert not any(counted(name, safe))
    assert safe == way.harmless(safe)
    assert text.replace(" ", "") == safe.replace(" ", "")
    assert safe == text or any(counted(name, text))


@pytest.mark.parametrize("name", NAMES)
def test_a_token_in_the_open_file_does_not_move_the_cursor(name: str) -> None:
    ends = template(name).ends
    prompt = Prompt((), "a.py", f"a = '{ends[0]}'\nb = '{ends[-1]}'\n", f"{ends[0]}\n")

    plain = filled(name, Prompt((), "a.py", "x", "x"))

    assert counted(name, plain) == counted(name, filled(name, prompt))


@pytest.mark.parametrize("name", [*NAMES, OWN])
def test_only_the_end_of_the_context_is_new_when_it_has_grown(name: str) -> None:
    some = (Block("file", "b.py", "b = 1\n"), Block("chunk", "c.py", "c = 1"))
    more = (*some, Block("edit", "b.py", "@@ line 1\n-b = 0\n+b = 1\n"))
    filler = Filler(template(name))

    short = filler.fill(Prompt(some, "a.py", "x = ", "\n")).prompt
    long = filler.fill(Prompt(more, "a.py", "x = ", "\n")).prompt

    assert long == filled(name, Prompt(more, "a.py", "x = ", "\n"))
    assert shared(short, long) >= short.index("c = 1") + len("c = 1")


def shared(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    return bisect_left(
        range(min(len(one), len(other))), 1, key=lambda at: one[: at + 1] != other[: at + 1]
    )


FILE = "".join(f"def function_{number}():\n    return {number}\n\n" for number in range(1200))
WORD = "value = call(1)\n"
OTHERS = (Block("file", "b.py", "b = 1\n" * 300), Block("file", "z.py", "z = 1\n" * 300))


@cache
def typed(offset: int, words: int) -> list[Prompt]:
    """The prompts of one who types in the middle of a file whose frozen copy is in the context."""
    stable = (OTHERS[0], Block("file", "m.py", FILE), OTHERS[1])
    prompts: list[Prompt] = []
    for count in range(words + 1):
        new = WORD * count
        tail = Tail.around(Text(FILE[:offset] + new + FILE[offset:]), offset + len(new), 4_500)
        prompts.append(Prompt(stable, "m.py", tail.prefix, tail.suffix))
    return prompts


@pytest.mark.parametrize("name", [*NAMES, OWN])
def test_a_key_makes_the_model_read_no_more_than_the_suffix_anew(name: str) -> None:
    """Also when the window's beginning moves on, as it does several times here."""
    filler = Filler(template(name))
    prompts = typed(len(FILE) // 2, 150)
    spelled = [filler.fill(prompt) for prompt in prompts]
    starts = [prompt.prefix[:40] for prompt in prompts]
    anew = [
        len(after.prompt) - shared(before.prompt, after.prompt)
        for before, after in pairwise(spelled)
    ]

    assert len(set(starts)) > 2
    assert max(anew) <= len(prompts[0].suffix) + len(WORD) + 60


@pytest.mark.parametrize("name", [name for name in NAMES if name != "codestral"])
def test_the_other_files_are_not_read_anew_when_the_cursor_jumps(name: str) -> None:
    filler = Filler(template(name))
    [here], [there] = typed(len(FILE) // 2, 0), typed(len(FILE) // 4, 0)
    one, other = filler.fill(here).prompt, filler.fill(there).prompt
    last = max(one.rindex("z = 1"), one.rindex("b = 1"))

    assert shared(one, other) > last


def test_the_open_file_is_shown_once_and_as_it_is() -> None:
    """Its frozen copy says that nothing follows at the cursor."""
    middle = FILE.index("def function_600")
    *_, prompt = typed(middle, 3)
    known = own(prompt)

    assert FILE.startswith(known.before + prompt.prefix[:100])
    assert FILE.endswith(known.behind)
    assert 0 < len(known.behind) < len(FILE) // 2
    spelled = filled("qwen2.5-coder", prompt)
    assert 1 == spelled.count("def function_599()")
    assert FILE[middle - 30 : middle + 30] not in spelled


def test_a_short_window_has_the_whole_file() -> None:
    """Its few words may be anywhere in a copy, so the copy says nothing."""
    stable = (Block("file", "a.py", "gone = 1\nx\nx = 2\n"),)

    assert Own() == own(Prompt(stable, "a.py", "x", "\n"))
    assert Own() == own(Prompt((), "a.py", "x", "\n"))
    assert Own() == own(Prompt(OTHERS, "a.py", "x", "\n"))


def test_each_kind_of_block_becomes_what_a_model_continues() -> None:
    stable = (
        Block("rules", "AGENTS.md", "Be brief."),
        Block("signatures", "b.py", "def f(): ..."),
        Block("chunk", "a.py", "x = 1"),
        Block("file", "a.py", "the open file"),
        Block("file", "c.py", "y = 1"),
        Block("edit", "c.py", "@@ line 3\n-y = 0\n+y = 1\r\n+z = 1\n"),
        Block("edit", "c.py", "@@ line 9\n-gone\n"),
        Block("chunk", "d.py", ""),
    )

    assert sections(stable, "a.py") == (
        Section("b.py", "def f(): ..."),
        Section("a.py", "x = 1"),
        Section("c.py", "y = 1"),
        Section("c.py", "y = 1\nz = 1"),
    )


@pytest.mark.parametrize(
    ("path", "context"),
    [
        ("a.py", "# Path: b.c\n# int x;\n#\x20\n# /* y */\n\n"),
        ("a.go", "// Path: b.c\n// int x;\n//\x20\n// /* y */\n\n"),
        ("a.sql", "-- Path: b.c\n-- int x;\n--\x20\n-- /* y */\n\n"),
        ("a.css", "/*\nPath: b.c\nint x;\n\n/* y * /\n*/\n"),
        ("a.html", "<!--\nPath: b.c\nint x;\n\n/* y */\n-->\n"),
        ("a.unknown", "# Path: b.c\n# int x;\n#\x20\n# /* y */\n\n"),
    ],
)
def test_comments_are_those_of_the_open_file(path: str, context: str) -> None:
    stable = (Block("file", "b.c", "int x;\r\n\n/* y */\n"),)
    spelled = filled(SUFFIX, Prompt(stable, path, "HERE", "")).replace("\r\n", "\n")

    assert f"{context}HERE" == spelled


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("", None),
        ("qwen2.5-coder", None),
        ("suffix", None),
        ("<P>{prefix}<S>{suffix}<M>", None),
        ("{context}{path}{prefix}{{x}}{suffix}", None),
        ("qwen", "there is no such template: use one of"),
        ("{prefix}", "write {suffix} where the text after the cursor belongs"),
        ("{suffix}", "write {prefix} where the text before the cursor belongs"),
        ("{prefix}{suffix}{prefix}", "write {prefix} once only"),
        ("{}", "write {prefix} where"),
    ],
)
def test_a_flaw_is_told_in_one_sentence(text: str, flaw: str | None) -> None:
    found = template_flaw(text)

    if flaw is None:
        assert found is None
    else:
        assert found is not None
        assert found.startswith(flaw)
        assert "\n" not in found


@given(TEXTS, TEXTS, TEXTS)
def test_any_text_is_some_template(text: str, prefix: str, suffix: str) -> None:
    template_flaw(text)

    assert filled(text, Prompt((), "a.py", prefix, suffix)) is not None


def test_placeholders_in_the_texts_are_text() -> None:
    prompt = Prompt((Block("file", "b", "{prefix}"),), "{suffix}", "{suffix}{path}", "{context}")

    assert "# Path: b\n# {prefix}\n\nP{suffix}{path}S{context}" == filled(
        "{context}P{prefix}S{suffix}", prompt
    )


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("qwen2.5-coder:7b", "qwen2.5-coder"),
        ("Qwen/Qwen3-Coder-30B-A3B", "qwen2.5-coder"),
        ("bigcode/starcoder2-3b", "starcoder2"),
        ("deepseek-coder:6.7b-base", "deepseek-coder"),
        ("codellama:7b-code", "codellama"),
        ("Codestral-22B-v0.1", "codestral"),
        ("granite-code:8b", "granite"),
        ("granite-4.0-h-small", "granite-4"),
        ("codegemma:2b", "codegemma"),
        ("unheard-of", "else"),
    ],
)
def test_the_template_follows_from_the_models_name(model: str, name: str) -> None:
    assert name == named_for(model, "else")


def test_what_ends_any_answer_is_no_code() -> None:
    """Angle brackets with a bar or an underscore, or in capitals."""
    assert [
        end for end in LEAKS if not re.fullmatch(r"<(\||\uff5c).+>|<\w*_\w*>|<[A-Z]+>", end)
    ] == []
