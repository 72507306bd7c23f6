"""What a task was not shown of a file, and how it comes back into what the task has made of it."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.secrets import redact
from spark_lsp.core.tasks.masks import masked, unmasked
from spark_lsp.core.tasks.merging import applied, merge
from spark_lsp.core.tasks.patch import FileChange, Kind, Patch, Sides, patched
from spark_lsp.core.tasks.reasons import Account

ONE = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"
TWO = "sk-proj-abcdefghijklmnop0123456789"
SAME = "ghp_" + "z9Y8x7W6v5U4t3S2r1Q0" + "p9O8n7M6l5K4j3I2"
ABOVE, BELOW = "import os\n\n", "\ndef main():\n    return 1\n"
CONFIG = f"{ABOVE}GITHUB = '{ONE}'\nopen_ai = '{TWO}'\n{BELOW}"
"""A file with two secrets of different lengths."""
TWINS = f"{ABOVE}HERE = '{ONE}'\nTHERE = '{SAME}'\n{BELOW}"
"""A file with two secrets of one length."""
LAID = redact(CONFIG)
GITHUB, OPEN_AI = LAID.splitlines()[2:4]


def of(
    task: Mapping[str, str],
    person: Mapping[str, str],
    began: Mapping[str, str] | None = None,
    moves: Mapping[str, str] | None = None,
) -> Patch:
    """Return what becomes of a task's files; the person began with `began`, which was masked."""
    began = {"config.py": CONFIG} if began is None else began
    base = {path: redact(text) for path, text in began.items()}
    laid = {path: base[path] for path, text in began.items() if base[path] != text}
    touched = {path: text for path, text in base.items() if task.get(path) != text}
    written = {path: text for path, text in task.items() if base.get(path) != text}
    seen = {*written, *touched, *(moves or {}).values()}
    mine = {path: text for path, text in person.items() if path in seen}
    sides = Sides(touched, written, mine, moves or {})
    now = {path: text for path, text in person.items() if path in laid}
    return patched(unmasked(sides, laid, now), Account())


def only(patch: Patch) -> FileChange:
    (change,) = patch.files
    return change


def taken(change: FileChange) -> str:
    """Return a file with all of the task's that is clean."""
    return applied(change.person or "", [piece.hunk for piece in change.clean])


def changed(laid: str, text: str = CONFIG) -> FileChange:
    return only(of({"config.py": laid}, {"config.py": text}))


def test_a_text_is_masked_as_models_are_shown_it() -> None:
    long = "x = 1\n" * 40_000 + CONFIG + "y = 2\n" * 40_000

    assert redact(long) == masked(long)
    assert len(long.splitlines()) == len(masked(long).splitlines())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("return 1", "return 2", id="far from them"),
        pytest.param("import os\n\n", "import sys\n\n", id="near them"),
        pytest.param(f"{OPEN_AI}\n", f"{OPEN_AI}\nport = 1\n", id="beside one"),
        pytest.param(OPEN_AI, f"{OPEN_AI}  # ours", id="behind one"),
        pytest.param("GITHUB =", "GITHUB_TOKEN =", id="a name"),
        pytest.param(f"{GITHUB}\n{OPEN_AI}\n", f"{OPEN_AI}\n{GITHUB}\n", id="in another order"),
        pytest.param("return 1\n", f"return 1\n{GITHUB}\n", id="once more"),
        pytest.param(GITHUB, "GITHUB = os.environ['GITHUB']", id="one is not needed any more"),
        pytest.param("import os\n", "import os\n# " + "*" * len(ONE) + "\n", id="a frame"),
        pytest.param(f"{OPEN_AI}\n", "", id="one is gone"),
    ],
)
def test_what_a_task_does_around_secrets_comes_back_with_them(old: str, new: str) -> None:
    assert old in LAID
    change = changed(LAID.replace(old, new))

    here, there = (it.replace(GITHUB, CONFIG.splitlines()[2]) for it in (old, new))
    here, there = (it.replace(OPEN_AI, CONFIG.splitlines()[3]) for it in (here, there))
    assert CONFIG.replace(here, there) == taken(change)
    assert () == change.conflicts


@pytest.mark.parametrize(
    "new",
    [
        pytest.param("GITHUB = '***'", id="shorter"),
        pytest.param("GITHUB = '*****'  # a token", id="shorter, and more"),
        pytest.param("TOKEN = '" + "*" * (len(ONE) + 1) + "'", id="longer"),
    ],
)
def test_stars_that_nobody_has_laid_down_do_not_cover_a_secret_unseen(new: str) -> None:
    change = changed(LAID.replace(GITHUB, new))

    (piece,) = change.pieces
    assert piece.veiled
    assert piece.hunk.conflicts
    assert (CONFIG.splitlines()[2],) == piece.hunk.base == piece.hunk.person
    assert CONFIG == taken(change)


def test_stars_of_the_tasks_own_are_its_own_where_no_secret_is_lacking() -> None:
    task = LAID.replace("return 1", "return '********'")

    assert CONFIG.replace("return 1", "return '********'") == taken(changed(task))


def test_a_line_that_the_person_has_changed_too_shows_them_their_own() -> None:
    now = CONFIG.replace("GITHUB", "GITHUB_TOKEN")
    change = changed(LAID.replace("GITHUB =", "HUB ="), now)

    (piece,) = change.conflicts
    assert (now.splitlines()[2],) == piece.hunk.person
    assert now == taken(change)


def test_a_secret_that_the_person_has_removed_does_not_come_back_as_stars() -> None:
    now = CONFIG.replace(f"GITHUB = '{ONE}'\n", "")
    change = changed(LAID.replace(f"{GITHUB}\n", "").replace("return 1", f"{GITHUB}\n"), now)

    assert any(piece.veiled for piece in change.conflicts)
    assert "*" not in taken(change)


def test_a_secret_that_the_person_has_renewed_is_the_one_that_is_moved() -> None:
    now = CONFIG.replace(ONE, SAME)
    change = changed(LAID.replace(f"{GITHUB}\n", "") + f"{GITHUB}\n", now)

    line = f"GITHUB = '{SAME}'\n"
    assert now.replace(line, "") + line == taken(change)


def test_which_of_two_secrets_is_meant_is_not_guessed() -> None:
    laid = redact(TWINS)
    stars = "*" * len(ONE)
    task = {"config.py": laid.replace(f"HERE = '{stars}'", f"use('{stars}')")}
    change = only(of(task, {"config.py": TWINS}, {"config.py": TWINS}))

    assert all(piece.veiled for piece in change.pieces)
    assert TWINS == taken(change)


A, B = f"HERE = '{ONE}'\n", f"HERE = '{SAME}'\n"
EITHER = redact(A)


@pytest.mark.parametrize(
    ("began", "task", "expected"),
    [
        pytest.param(
            f"a\n{A}b\n{B}",
            f"a\n{EITHER}new\nb\n{EITHER}",
            f"a\n{A}new\nb\n{B}",
            id="as they were",
        ),
        pytest.param(
            f"a\n{A}b\n{B}c\n", f"b\n{EITHER}c\n", f"b\n{B}c\n", id="the first with its title"
        ),
        pytest.param(f"a\n{A}b\n{B}c\n", f"a\n{EITHER}c\n", None, id="all between two lines"),
        pytest.param(f"a\n{A}{B}c\n", f"a\n{EITHER}c\n", None, id="one of two"),
        pytest.param(f"a\n{A}b\n{B}", f"b\n{EITHER}a\n{EITHER}", None, id="in another order"),
        pytest.param(f"a\n{A}{B}c\n", f"a\n{3 * EITHER}c\n", None, id="one more"),
    ],
)
def test_of_lines_that_look_alike_none_is_taken_for_another(
    began: str, task: str, expected: str | None
) -> None:
    person = {"config.py": began}
    change = only(of({"config.py": task}, person, person))

    if expected is None:
        assert any(piece.veiled for piece in change.conflicts)
        assert began.count(ONE) == taken(change).count(ONE)
        assert began.count(SAME) == taken(change).count(SAME)
    else:
        assert expected == taken(change)
        assert not change.conflicts


def test_a_renamed_file_carries_what_the_person_has() -> None:
    laid = redact(TWINS).replace("return 1", "return 2")
    change = only(of({"new.py": laid}, {"config.py": TWINS}, {"config.py": TWINS}))

    assert (Kind.RENAMED, "new.py", "", TWINS) == (
        change.kind,
        change.target,
        change.objection,
        change.person,
    )
    assert TWINS.replace("return 1", "return 2") == taken(change) == change.task


@pytest.mark.parametrize("now", [CONFIG, CONFIG.replace(ONE, SAME)])
def test_a_masked_file_that_is_as_it_was_may_be_removed(now: str) -> None:
    change = only(of({}, {"config.py": now}))

    assert (Kind.REMOVED, "") == (change.kind, change.objection)


def test_one_that_the_person_has_written_in_may_not() -> None:
    assert only(of({}, {"config.py": f"{CONFIG}more\n"})).objection


def test_a_file_that_the_person_has_moved_is_changed_where_it_lies() -> None:
    task = {"config.py": LAID.replace("return 1", "return 2")}
    change = only(of(task, {"b/config.py": CONFIG}, moves={"config.py": "b/config.py"}))

    assert ("b/config.py", CONFIG.replace("return 1", "return 2")) == (change.path, taken(change))


def test_a_line_that_is_taken_into_another_file_brings_its_secret() -> None:
    task = {"config.py": LAID.replace(f"{GITHUB}\n", ""), "other.py": f"x = 1\n{GITHUB}\n"}
    person = {"config.py": CONFIG, "other.py": "x = 1\n"}
    config, other = of(task, person, person).files

    assert CONFIG.replace(f"GITHUB = '{ONE}'\n", "") == taken(config)
    assert f"x = 1\nGITHUB = '{ONE}'\n" == taken(other)
    # When that has been taken over nothing of it is left to be offered.
    assert () == of(task, {"config.py": taken(config), "other.py": taken(other)}, person).files


def test_a_secret_that_is_nowhere_any_more_is_told_where_its_stars_turn_up() -> None:
    change = only(of({"new.py": f"x = 1\n{GITHUB}\n"}, {}))

    assert "new.py has asterisks in it" in change.objection


def test_by_its_length_alone_no_secret_gets_into_another_file() -> None:
    stars = "*" * len(ONE)
    task = {"config.py": LAID, "README.md": f"export TOKEN={stars}\n"}
    change = only(of(task, {"config.py": CONFIG}))

    assert "README.md has asterisks in it" in change.objection
    assert ONE not in (change.task or "")


def test_a_removed_file_that_comes_back_says_that_it_lacks_its_secrets() -> None:
    change = only(of({"config.py": LAID.replace("return 1", "return 2")}, {}))

    assert "You have removed config.py" in change.objection
    assert "config.py has asterisks in it" in change.objection


def test_what_was_not_masked_is_as_it_is() -> None:
    began = {"a.py": "print('********')\n"}
    change = only(of({"a.py": "print('****')\n"}, began, began))

    assert "print('****')\n" == taken(change)


lines = st.sampled_from(
    [
        f"A = '{ONE}'",
        f"B = '{SAME}'",
        f"C = '{TWO}'",
        f"A = '{TWO}'",
        "x = 1",
        "y = 2",
        "",
        "/*****/",
        "print('*' * 9)",
    ]
)
texts = st.lists(lines, max_size=8).map("\n".join)


@given(st.dictionaries(st.sampled_from("abc"), texts), st.data())
def test_no_secret_is_ever_covered_by_what_is_clean(
    began: dict[str, str], data: st.DataObject
) -> None:
    """A task takes any lines that it was shown anywhere; the person goes on anyhow."""
    shown = ["new = 1", "", *(line for text in began.values() for line in redact(text).split("\n"))]
    some = st.lists(st.sampled_from(shown), max_size=8).map("\n".join)
    task = data.draw(st.dictionaries(st.sampled_from("abcd"), some))
    person = data.draw(st.one_of(st.just(began), st.dictionaries(st.sampled_from("abcd"), texts)))

    for change in of(task, person, began).files:
        if not change.objection:
            text = taken(change) if change.person is not None else change.task or ""
            assert "*" * len(TWO) not in text
        for piece in change.pieces:
            assert "*" * len(TWO) not in "".join((*piece.hunk.person, change.person or ""))
            assert piece.hunk.conflicts or "*" * len(TWO) not in piece.hunk.text


@given(texts, st.lists(st.tuples(st.integers(0, 8), st.sampled_from(["new", "more"])), max_size=3))
def test_new_lines_come_in_as_if_nothing_had_been_masked(
    text: str, inserted: list[tuple[int, str]]
) -> None:
    laid, expected = redact(text).split("\n"), text.split("\n")
    for at, line in inserted:
        laid.insert(at, line)
        expected.insert(at, line)
    patch = of({"a": "\n".join(laid)}, {"a": text}, {"a": text})

    assert not patch.conflicting
    plain = merge(text, "\n".join(expected), text).hunks
    assert applied(text, plain) == (taken(only(patch)) if patch.files else text)
