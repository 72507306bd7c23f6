"""Which instructions speak to a document."""

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.rules import GLOBAL, LIMIT, blocks, homes, is_rules, speaking, truncated

ROOT = "AGENTS.md"
DEEP = "src/AGENTS.md"
OVERRIDE = "src/AGENTS.override.md"


def told(rules: dict[str, str], path: str) -> list[str]:
    return [found for found, _ in speaking(rules, path)]


def test_instructions_go_from_the_root_to_the_directory_of_the_document() -> None:
    rules = {ROOT: "be brief", DEEP: "no tabs", "docs/AGENTS.md": "elsewhere"}

    assert [ROOT, DEEP] == told(rules, "src/deep/a.py")
    assert [ROOT] == told(rules, "a.py")
    assert [ROOT, "docs/AGENTS.md"] == told(rules, "docs/index.md")


def test_a_persons_own_come_first_and_do_not_count() -> None:
    rules = {GLOBAL: "x" * LIMIT, ROOT: "be brief"}

    assert [GLOBAL, ROOT] == told(rules, "a.py")
    assert not truncated(rules, "a.py")


def test_an_override_hides_its_neighbour_even_if_it_is_empty() -> None:
    assert [ROOT, OVERRIDE] == told({ROOT: "a", DEEP: "b", OVERRIDE: "c"}, "src/a.py")
    assert [ROOT] == told({ROOT: "a", DEEP: "b", OVERRIDE: " \n"}, "src/a.py")


def test_the_file_that_crosses_the_limit_is_cut_and_deeper_ones_are_left_out() -> None:
    rules = {ROOT: "é" * (LIMIT // 2 - 5), DEEP: "é" * 20, "src/a/AGENTS.md": "gone"}
    texts = dict(speaking(rules, "src/a/b.py"))

    assert "é" * 5 == texts[DEEP]
    assert "src/a/AGENTS.md" not in texts
    assert truncated(rules, "src/a/b.py")
    assert not truncated(rules, "a.py")


def test_what_is_outside_of_the_workspace_hears_only_the_persons_own() -> None:
    rules = {GLOBAL: "mine", ROOT: "be brief"}

    assert [GLOBAL] == told(rules, "../other/a.py")
    assert [GLOBAL] == told(rules, "untitled://Untitled-1")


def test_directories_with_instructions_are_known() -> None:
    assert frozenset({"", "src"}) == homes({GLOBAL: "mine", ROOT: "a", OVERRIDE: "b"})
    assert is_rules(OVERRIDE)
    assert not is_rules("src/agents.md")


@given(
    st.dictionaries(
        st.sampled_from([GLOBAL, ROOT, DEEP, OVERRIDE, "src/a/AGENTS.md"]),
        st.text(st.sampled_from("aé😀\ud83d\n"), max_size=9).map(lambda text: text * 4000),
    ),
    st.sampled_from(["a.py", "src/a.py", "src/a/b.py"]),
)
def test_instructions_of_a_workspace_are_never_longer_than_the_limit(
    rules: dict[str, str], path: str
) -> None:
    found = [block for block in blocks(rules, path) if block.path != GLOBAL]

    assert sum(len(block.text.encode("utf-8", "replace")) for block in found) <= LIMIT
    assert all(block.kind == "rules" for block in found)
