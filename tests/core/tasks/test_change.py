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


@given(st.text("ab\n"), st.text("ab\n"))
def test_a_diff_is_what_the_standard_library_reads_as_one(before: str, now: str) -> None:
    """It may find another one as short; applied, both give the same."""
    told = shown([Changed("a", before, now)]).splitlines()
    old, new = before.splitlines(), now.splitlines()
    made: list[str] = []
    at = 0
    for line in told[2:]:
        if line.startswith("@@"):
            begin, _, size = line.split()[1][1:].partition(",")
            start = int(begin) - (size != "0")
            made += old[at:start]
            at = start
        elif line.startswith("+"):
            made.append(line[1:])
        else:
            assert old[at] == line[1:]
            made += [line[1:]] if line.startswith(" ") else []
            at += 1
    assert new == [*made, *old[at:]]


def test_many_lines_that_are_much_alike_take_no_time_to_speak_of() -> None:
    lines = [f"{number % 120}" for number in range(90_000)]
    told = shown([Changed("a.csv", "\n".join(lines), "\n".join(reversed(lines)))])

    assert told.startswith("--- a/a.csv")


def test_what_is_shown_has_an_end() -> None:
    many = [Changed(f"{number}", None, "x" * 100_000) for number in range(9)]

    assert "(What has changed in 4 and behind it is not shown.)" == shown(many).splitlines()[-1]
