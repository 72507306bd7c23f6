"""A change as a model is shown it."""

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.tasks.change import Changed, shown

SECRET = "api_key = 'sk-proj-abcdefghijklmnop0123456789'"
OTHER = "api_key = 'sk-proj-0123456789abcdefghijklmnop'"


def test_a_change_is_shown_as_a_diff_under_its_name() -> None:
    assert (
        "--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three"
        == shown([Changed("a.py", "one\ntwo\nthree\n", "one\n2\nthree\n")])
    )  # fmt: skip


def test_a_file_that_is_new_or_gone_is_said_to_be_also_if_it_is_empty() -> None:
    assert "--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+x" == shown([Changed("a", None, "x\n")])
    assert "--- a/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-x" == shown([Changed("a", "x\n", None)])
    assert "--- /dev/null\n+++ b/a" == shown([Changed("a", None, "")])


def test_no_secret_is_shown_on_either_side_and_none_counts_as_a_change() -> None:
    told = shown([Changed("a.py", f"{SECRET}\nB = 1\n", "B = 2\n")])

    assert "-B = 1" in told
    assert "abcdefghijklmnop" not in told
    assert "0123456789" not in shown([Changed("a.py", SECRET, OTHER)])


@given(st.text("ab\n"), st.text("ab\n"))
def test_a_diff_is_empty_exactly_if_no_line_has_changed(before: str, now: str) -> None:
    assert (before.splitlines() == now.splitlines()) == (not shown([Changed("a", before, now)]))
