"""A patch in the form that an editor takes, by what the editor has announced."""

from typing import Any

import pytest

from spark_lsp.core.tasks.offer import Abilities, Offer, Places, decided, done, offered, row
from spark_lsp.core.tasks.patch import Patch, Sides, patched
from spark_lsp.core.tasks.reasons import Account
from spark_lsp.core.text import Edit, Encoding, Position, Text

CODE = "one\ntwo 😀\nthree\nfour\nfive\n"
PLACES = Places(lambda path: f"file:///w/{path}", {"a.py": 7})
BARE = Abilities(versions=False, annotations=False, operations=frozenset())
PLAIN = Abilities(annotations=False)


def patch() -> Patch:
    """Return one of each kind, with a conflict in the first."""
    base = {"a.py": CODE, "gone.py": "x\n", "old.py": CODE.upper()}
    task = {
        "a.py": CODE.replace("two 😀", "2 😀").replace("four", "4"),
        "come.py": "new\n",
        "new.py": CODE.upper().replace("FIVE", "5"),
    }
    person = base | {"a.py": "zero\n" + CODE.replace("four", "vier")}
    return patched(Sides(base, task, person), Account("Why."), {"logo.png": "logo.png is no text."})


def changed(text: str, edits: list[dict[str, Any]], encoding: Encoding = Encoding.UTF16) -> str:
    """Apply edits as an editor does."""
    whole = Text(text)
    for edit in sorted(edits, key=lambda it: it["range"]["start"]["line"], reverse=True):
        start, end = (
            whole.offset(Position(**edit["range"][name]), encoding) for name in ("start", "end")
        )
        whole = whole.splice(Edit(start, end, edit["newText"]))
    return whole.string


def of(offer: Offer, uri: str) -> list[dict[str, Any]]:
    """Return the edits of one document."""
    parts = offer.edit["documentChanges"]
    found = [it for it in parts if it.get("textDocument", {}).get("uri") == uri]
    return [edit for it in found for edit in it["edits"]]


def test_every_edit_and_operation_wants_to_be_confirmed_and_says_what_and_why() -> None:
    edit = offered(patch(), PLACES).edit

    assert {
        "Change a.py, line 3": "Why.",
        "Conflict in a.py, line 5": (
            "You have changed it too; nothing is done unless you decide. Why."
        ),
        "Add come.py": "Why.",
        "Remove gone.py": "Why.",
        "Change old.py, line 5": "Why.",
        "Rename old.py to new.py": "Why.",
    } == {it["label"]: it["description"] for it in edit["changeAnnotations"].values()}
    assert all(it["needsConfirmation"] is True for it in edit["changeAnnotations"].values())
    used = [
        it["annotationId"] for part in edit["documentChanges"] for it in part.get("edits", [part])
    ]
    assert set(used) == set(edit["changeAnnotations"])


def test_a_conflict_changes_nothing_if_all_is_accepted() -> None:
    before = "zero\n" + CODE.replace("four", "vier")

    after = changed(before, of(offered(patch(), PLACES), "file:///w/a.py"))

    assert before.replace("two", "2") == after


def test_open_documents_have_the_version_that_the_edit_is_for() -> None:
    parts = offered(patch(), PLACES).edit["documentChanges"]

    versions = {
        it["textDocument"]["uri"]: it["textDocument"]["version"] for it in parts if "edits" in it
    }
    assert 7 == versions["file:///w/a.py"]
    assert versions["file:///w/old.py"] is None


def test_files_are_added_removed_and_renamed_without_covering_another() -> None:
    parts = offered(patch(), PLACES).edit["documentChanges"]

    operations = [it for it in parts if "kind" in it]
    assert ["create", "delete", "rename"] == [it["kind"] for it in operations]
    assert not any(it["options"].get("overwrite") for it in operations)
    assert "new\n" == changed("", of(offered(patch(), PLACES), "file:///w/come.py"))
    assert parts.index(operations[2]) == len(parts) - 1, "after the edits of what it renames"


def test_without_annotations_a_conflict_is_told_and_not_in_the_edit() -> None:
    offer = offered(patch(), PLACES, PLAIN)

    assert "changeAnnotations" not in offer.edit
    assert "annotationId" not in str(offer.edit)
    assert 1 == len(of(offer, "file:///w/a.py"))
    assert "You have changed a.py, line 5 too; that is left as you have it." in offer.left


def test_without_versions_there_are_plain_edits_by_document() -> None:
    offer = offered(patch(), PLACES, BARE)

    assert {"changes"} == offer.edit.keys()
    assert {"file:///w/a.py", "file:///w/old.py"} == offer.edit["changes"].keys()


def test_what_the_editor_cannot_do_with_files_is_told() -> None:
    left = offered(patch(), PLACES, BARE).left

    cannot = "is left to you: the editor does not let us do that with files."
    assert "logo.png is no text." == left[0]
    assert {f"Add come.py {cannot}", f"Remove gone.py {cannot}"} < set(left)
    assert f"Rename old.py to new.py {cannot}" in left


@pytest.mark.parametrize("encoding", list(Encoding))
def test_positions_count_what_was_negotiated(encoding: Encoding) -> None:
    base, task = "😀\r\n😀a\r\nb", "😀\r\n😀a\r\nc"
    sides = Sides({"x": base}, {"x": task}, {"x": base})

    offer = offered(patched(sides, Account()), PLACES, Abilities(encoding=encoding))

    assert task == changed(base, of(offer, "file:///w/x"), encoding)


@pytest.mark.parametrize(
    ("side", "expected"),
    [("task", "a\ntask\nb\n"), ("both", "a\nperson\ntask\nb\n")],
)
def test_a_conflict_that_a_person_decides_is_an_edit_of_its_own(side: Any, expected: str) -> None:
    person = "a\nperson\nb\n"
    sides = Sides({"x": "a\nbase\nb\n"}, {"x": "a\ntask\nb\n"}, {"x": person})
    change = patched(sides, Account()).files[0]

    offer = decided(change, change.conflicts[0], side, PLACES)

    assert expected == changed(person, of(offer, "file:///w/x"))


def test_both_sides_of_a_conflict_at_the_end_stand_on_lines_of_their_own() -> None:
    sides = Sides({"x": "a\nbase"}, {"x": "a\ntask"}, {"x": "a\nperson"})
    change = patched(sides, Account()).files[0]

    offer = decided(change, change.conflicts[0], "both", PLACES)

    assert "a\nperson\ntask" == changed("a\nperson", of(offer, "file:///w/x"))


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({}, BARE),
        ({"documentChanges": True}, Abilities(annotations=False, operations=frozenset())),
        (
            {
                "documentChanges": True,
                "resourceOperations": ["create", "rename", "delete", "other", 3],
                "changeAnnotationSupport": {"groupsOnLabel": True},
            },
            Abilities(),
        ),
        ({"changeAnnotationSupport": {}, "resourceOperations": ["create"]}, BARE),
        ({"documentChanges": 1, "resourceOperations": "create"}, BARE),
    ],
)
def test_abilities_are_what_the_client_announces(edit: object, expected: Abilities) -> None:
    assert expected == Abilities.announced({"workspace": {"workspaceEdit": edit}})


@pytest.mark.parametrize(
    "capabilities", [{}, {"workspace": 3}, {"workspace": {"workspaceEdit": []}}]
)
def test_a_client_that_announces_nothing_gets_the_plainest_form(capabilities: Any) -> None:
    assert BARE == Abilities.announced(capabilities)


def whole(base: str | None, task: str | None, person: str | None, **more: Any) -> list[Any] | None:
    """Return what would be done with old.py as such, as kinds and names."""
    texts = {"base": base, "task": task, "person": person}
    sides: dict[str, Any] = {
        name: {} if it is None else {"old.py": it} for name, it in texts.items()
    }
    for name, path, text in more.pop("also", ()):
        sides[name][path] = text
    change = patched(Sides(**sides, **more), Account("")).files[0]
    offer = done(change, PLACES)
    if offer is None:
        return None
    parts = offer.edit["documentChanges"]
    return [
        (it["kind"], (it.get("newUri") or it["uri"])[len("file:///w/") :])
        if "kind" in it
        else it["edits"][0]["newText"]
        for it in parts
    ]


NEW = ("task", "new.py", CODE)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (whole(None, "x\n", None), [("create", "old.py"), "x\n"]),
        (whole("x\n", None, "x\n"), [("delete", "old.py")]),
        (whole("x\n", None, "mine\n"), [("delete", "old.py")]),
        (whole("x\n", "y\n", None), [("create", "old.py"), "y\n"]),
        (whole(CODE, None, CODE, also=[NEW]), [("rename", "new.py")]),
        (whole(CODE, None, None, also=[NEW]), [("create", "new.py"), CODE]),
        (whole("x\n", "y\n", "x\n"), None),
        (whole(None, "x\n", "mine\n"), None),
        (whole(CODE, None, CODE, also=[NEW, ("person", "new.py", "mine\n")]), None),
    ],
    ids=[
        "added", "removed", "removed and changed by the person",
        "changed and removed by the person", "renamed", "renamed and removed by the person",
        "only changed", "made by both", "renamed to where the person has a file",
    ],
)  # fmt: skip
def test_what_a_task_did_with_a_file_can_be_taken_unless_it_covers_one(
    asked: object, expected: object
) -> None:
    assert asked == expected


def test_what_an_editor_cannot_do_with_a_file_is_no_edit() -> None:
    removed = patched(Sides({"a.py": "x"}, {}, {"a.py": "x"}), Account("")).files[0]

    assert done(removed, PLACES, BARE) is None


def test_every_change_of_a_text_is_an_edit_of_its_own_without_notes() -> None:
    change = next(it for it in patch().files if it.path == "a.py")
    before = "zero\n" + CODE.replace("four", "vier")

    alone = [decided(change, it, "task", PLACES) for it in change.pieces]

    assert [changed(before, of(it, "file:///w/a.py")) for it in alone] == [
        before.replace("two", "2"),
        before.replace("vier", "4"),
    ]
    assert all("changeAnnotations" not in it.edit for it in alone)


@pytest.mark.parametrize("end", ["", "\n"])
def test_what_comes_behind_the_last_line_has_a_row_of_its_own(end: str) -> None:
    change = patched(
        Sides({"a": f"one{end}"}, {"a": f"one\ntwo{end}"}, {"a": f"one{end}"}), Account("")
    ).files[0]

    assert row(Text(change.person or ""), change.pieces[0].hunk) == 1
