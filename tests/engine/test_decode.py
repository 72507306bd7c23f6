"""A completion ends where it should, and is indented as the file is."""

from dataclasses import replace

import pytest

from spark_lsp.engine.model import Engine, Gate

BOLD = Gate(line=0.1, fragment=0.3, further=0.05, floor=0.01, worth=0)
RECKLESS = Gate(line=0, fragment=0, further=0, floor=0, worth=0)
LOGGER = (
    "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef run() -> None:\n    pass\n"
)


def completed(
    *, learned: dict[str, str] | None = None, path: str = "x.py", text: str, gate: Gate = BOLD
) -> str:
    """What is inserted at `|` in `text` once `learned` is learned."""
    engine = Engine(gate)
    engine.learn(learned or {})
    prefix, _, suffix = text.partition("|")
    return "".join(piece.text for piece in engine.complete(path, prefix, suffix))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("logger = logging.getLogger(|)\n", "__name__", id="closing bracket"),
        pytest.param("logger = |(__name__)\n", "logging.getLogger", id="rest of the line"),
        pytest.param(
            "\n|\nlogger = logging.getLogger(__name__)\n", "", id="the next line stands there"
        ),
    ],
)
def test_a_completion_ends_before_what_already_stands_there(text: str, expected: str) -> None:
    """Neither the rest of the line nor the next line with text is written twice."""
    learned = {f"src/{name}.py": LOGGER for name in "abc"}

    assert completed(learned=learned, text="import logging\n" + text) == expected


def test_brackets_that_the_completion_opens_it_also_closes() -> None:
    """The bracket after the cursor belongs to the one before it."""
    learned = {f"{name}.py": "value = outer(inner(x))\n" for name in "abc"}

    assert completed(learned=learned, text="value = outer(|)") == "inner(x)"


def test_text_after_the_cursor_keeps_the_completion_on_its_line() -> None:
    """Only at the end of a line is there room for more lines."""
    learned = {f"{name}.py": "begin(a)\nmiddle(b)\nend(c)\n" for name in "abcd"}

    assert "\n" not in completed(learned=learned, text="begin(|)  # note")
    assert "\n" in completed(learned=learned, text="begin(|")


def test_a_cycle_is_not_gone_round_for_ever() -> None:
    """A table's row or a block of equal lines does not run to the limit."""
    row = "0, 1, " * 200
    said = completed(text=f"table = [{row}|", gate=RECKLESS)
    lines = completed(text="step()\n" * 50 + "|", gate=RECKLESS)

    assert len(said) < 60
    assert lines.count("step") <= 2


def test_a_pattern_is_known_at_any_indentation() -> None:
    """Learned at one depth, completed at another, in several lines."""
    block = "    with open(path) as file:\n        text = file.read()\n        close(file)\nend()\n"
    learned = {f"{name}.py": "try:\n" + block for name in "abcd"}
    said = completed(learned=learned, text="def f():\n        with open(path)|\n")

    assert said.startswith(" as file:\n            text = file.read()\n            close(file)")
    assert "end" not in said, "a completion does not leave the block it began in"


def test_tabs_indent_where_tabs_are_used() -> None:
    """A pattern learned in one file is written in the other file's manner."""
    learned = {f"{name}.go": "for item {\n\tserve(x)\n\tclose(x)\n}\n" for name in "abcd"}
    said = completed(learned=learned, path="x.go", text="func f() {\n\tfor item {|\n")

    assert said.startswith("\n\t\tserve(x)\n\t\tclose(x)")


@pytest.mark.parametrize("learned_unit", ["\t", "  ", "    ", "        "])
@pytest.mark.parametrize("unit", ["\t", "  ", "    ", "        "])
def test_a_completion_indents_as_the_page_does(unit: str, learned_unit: str) -> None:
    """Levels are learned, not characters."""
    other = "def f(a):\n\tif a:\n\t\tpass\n\treturn a\n\n\n"
    begun = "class A:\n\tdef of(self, items):"
    rest = "\n\t\tfor item in items:\n\t\t\tcall(\n\t\t\t\t\titem,\n\t\t\t)\n\t\treturn self"
    text = (other + begun + rest + "\n").replace("\t", learned_unit)
    said = completed(
        learned={f"{name}.py": text for name in "abcd"},
        text=(other + begun + "|").replace("\t", unit),
    )

    assert said == rest.replace("\t", unit)


@pytest.mark.parametrize("unit", ["\t", "  ", "    ", "        "])
@pytest.mark.parametrize("depth", [1, 2])
def test_alignment_by_spaces_is_kept(unit: str, depth: int) -> None:
    """The stars of a comment and arguments below one another are no level of indentation."""
    margin = unit * depth
    block = "if (a) {\n" + unit + "b();\n}\n" + "{\n" * 3
    comment = f"{margin}/**\n{margin} * Returns the value.\n{margin} * @return value\n{margin} */\n"
    call = f"{margin}call(one,\n{margin}     two,\n{margin}     three);\n{margin}done();\n"
    learned = {f"{name}.js": block + comment + call for name in "abcd"}

    def said(prefix: str) -> str:
        return completed(learned=learned, path="x.js", text=block + prefix + "|")

    assert said(f"{margin}/**\n{margin} * Returns the val").startswith(
        f"ue.\n{margin} * @return value\n{margin} */"
    )
    assert said(f"{margin}call(one").startswith(f",\n{margin}     two,")
    assert said(f"{margin}call(one,\n{margin}     two").startswith(f",\n{margin}     three);")


def test_an_empty_line_is_indented_as_its_neighbours_suggest() -> None:
    """At the left margin the indentation is part of the completion."""
    learned = {f"{name}.py": "def f(self):\n    return self.value\n" for name in "abcd"}

    assert completed(learned=learned, text="def f(self):\n|") == "    return self.value"
    assert completed(learned=learned, text="def f(self):\n    |") == "return self.value"


def test_of_an_unsure_line_the_sure_beginning_is_shown() -> None:
    """A fragment is better than silence when it is surer than a whole line need be."""
    learned = {f"{name}.py": f"value = settings.read(key_{name})\n" for name in "abcdefgh"}
    gate = Gate(line=0.9, fragment=0.6, worth=8)
    demanding = replace(gate, worth=15)

    said = completed(learned=learned, text="value = |", gate=gate)

    assert said.rstrip("(") == "settings.read"
    assert not completed(learned=learned, text="value = |", gate=demanding)
    assert completed(learned=learned, text="value = set|", gate=demanding), "it ends a word"


def test_the_end_of_a_half_typed_word_is_shown_sooner_than_anything_else() -> None:
    """It is being read as it is typed."""
    learned = {f"{name}.py": f"value = {name}ettings\nvalue = {name}essions\n" for name in "so"}
    gate = Gate(line=0.99, fragment=0.99, word=0.2)

    assert not completed(learned=learned, text="value = |", gate=gate)
    assert completed(learned=learned, text="value = se|", gate=gate)
    assert not completed(learned=learned, text="value = se|", gate=replace(gate, word=0.99))
