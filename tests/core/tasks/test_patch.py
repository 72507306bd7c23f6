"""What a task has for a person whose files have changed meanwhile, and its form for an editor."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.tasks.merging import applied
from spark_lsp.core.tasks.patch import FileChange, Kind, Patch, Sides, patched
from spark_lsp.core.tasks.reasons import Account, Reason

CODE = "one\ntwo\nthree\nfour\nfive\n"
TOLD = Account("The whole.", (Reason("a.py", "Of a."),))

texts = st.sampled_from([CODE, CODE.replace("two", "2"), CODE.replace("four", "4"), "one\n", ""])
files = st.dictionaries(st.sampled_from(["a.py", "b.py", "c.py"]), texts)


def only(patch: Patch) -> FileChange:
    (change,) = patch.files
    return change


def of(base: dict[str, str], task: dict[str, str], person: dict[str, str]) -> Patch:
    return patched(Sides(base, task, person), TOLD)


def test_a_changed_file_has_a_reason_for_each_place() -> None:
    task = {"a.py": CODE.replace("two", "2").replace("four", "4")}

    change = only(of({"a.py": CODE}, task, {"a.py": CODE}))

    assert (Kind.CHANGED, "a.py", "") == (change.kind, change.path, change.objection)
    assert ["Of a.", "Of a."] == [piece.reason for piece in change.clean]


def test_an_added_file_is_offered_whole() -> None:
    change = only(of({}, {"b.py": CODE}, {}))

    assert (Kind.ADDED, CODE, "The whole.") == (change.kind, change.task, change.reason)


def test_a_removed_file_that_the_person_has_left_alone_is_removed() -> None:
    change = only(of({"a.py": CODE}, {}, {"a.py": CODE}))

    assert (Kind.REMOVED, "") == (change.kind, change.objection)


def test_a_renamed_file_keeps_what_the_person_has_written_in_it() -> None:
    task = {"b.py": CODE.replace("two", "2")}

    change = only(of({"a.py": CODE}, task, {"a.py": CODE.replace("five", "5")}))

    assert (Kind.RENAMED, "a.py", "b.py") == (change.kind, change.path, change.target)
    assert [(2 * 2, "2\n")] == [(it.hunk.start, it.hunk.text) for it in change.clean]


@pytest.mark.parametrize(
    ("base", "task", "person", "objection"),
    [
        pytest.param(
            {},
            {"a.py": "x\n"},
            {"a.py": "y\n"},
            "You have made a.py yourself meanwhile.",
            id="made",
        ),
        pytest.param(
            {"a.py": CODE},
            {},
            {"a.py": CODE + "six\n"},
            "You have changed a.py; the task has removed it.",
            id="changed",
        ),
        pytest.param(
            {"a.py": CODE},
            {"a.py": CODE + "six\n"},
            {},
            "You have removed a.py; the task has changed it.",
            id="removed",
        ),
        pytest.param(
            {"a.py": CODE},
            {"b.py": CODE},
            {"a.py": CODE, "b.py": "mine\n"},
            "The task has renamed a.py to b.py, where you have a file yourself.",
            id="taken",
        ),
        pytest.param(
            {"a.py": CODE},
            {"b.py": CODE},
            {},
            "You have removed a.py; the task has renamed it to b.py.",
            id="renamed what is gone",
        ),
    ],
)
def test_where_both_have_done_different_things_with_a_file_it_stays_as_the_person_has_it(
    base: dict[str, str], task: dict[str, str], person: dict[str, str], objection: str
) -> None:
    patch = of(base, task, person)

    assert objection == only(patch).objection
    assert patch.conflicting
    assert not only(patch).clean


def test_a_file_that_the_person_has_moved_is_changed_where_it_lies_now() -> None:
    task = {"a.py": CODE.replace("two", "2")}
    sides = Sides({"a.py": CODE}, task, {"b/a.py": CODE}, {"a.py": "b/a.py"})

    change = only(patched(sides, TOLD))

    assert ("b/a.py", Kind.CHANGED) == (change.path, change.kind)
    assert task["a.py"] == applied(CODE, [piece.hunk for piece in change.clean])


def test_what_both_have_moved_to_the_same_place_is_not_moved_again() -> None:
    sides = Sides({"a.py": CODE}, {"b.py": CODE}, {"b.py": CODE}, {"a.py": "b.py"})

    assert () == patched(sides, TOLD).files


def test_a_renaming_that_has_been_taken_over_is_not_offered_again() -> None:
    base, task = {"a.py": CODE}, {"b.py": CODE.replace("two", "2")}

    assert () == of(base, task, task).files
    change = only(of(base, task, {"b.py": CODE.replace("five", "5")}))
    assert ("b.py", Kind.CHANGED, "") == (change.path, change.kind, change.objection)
    assert [(2 * 2, "2\n")] == [(it.hunk.start, it.hunk.text) for it in change.clean]


def test_what_both_have_done_alike_is_not_offered() -> None:
    assert () == of({"a.py": CODE}, {"b.py": "x\n"}, {"b.py": "x\n"}).files


@given(files, files, files)
def test_no_file_of_the_person_is_removed_or_covered_that_they_have_written_in(
    base: dict[str, str], task: dict[str, str], person: dict[str, str]
) -> None:
    for change in of(base, task, person).files:
        if change.kind is Kind.REMOVED and not change.objection:
            assert person[change.path] == base[change.path]
        if change.kind is Kind.ADDED and not change.objection:
            assert change.path not in person
        if change.kind is Kind.RENAMED and not change.objection:
            assert change.target not in person
        assert change.person == person.get(change.path)


@given(files, files)
def test_a_person_who_has_changed_nothing_gets_the_files_of_the_task(
    base: dict[str, str], task: dict[str, str]
) -> None:
    now = dict(base)
    for change in of(base, task, base).files:
        text = now.pop(change.path, "")
        if change.kind is Kind.ADDED:
            now[change.path] = change.task or ""
        elif change.kind is not Kind.REMOVED:
            place = change.target or change.path
            now[place] = applied(text, [piece.hunk for piece in change.clean])

    assert json.dumps(task, sort_keys=True) == json.dumps(now, sort_keys=True)
