"""Which files have become which."""

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.tasks.moves import moved

CODE = "".join(f"def function_{at}():\n    return {at}\n\n" for at in range(10))
OTHER = "".join(f"class Thing{at}:\n    value = {at}\n\n" for at in range(10))

files = st.dictionaries(
    st.sampled_from("abcdefg"), st.sampled_from(["", CODE, OTHER, CODE + OTHER])
)


def test_the_same_text_under_another_name_has_been_moved() -> None:
    assert {"b.py": "a.py"} == moved({"a.py": CODE, "x.py": OTHER}, {"b.py": CODE})


def test_a_text_of_which_most_is_there_has_been_moved() -> None:
    assert {"b.py": "a.py"} == moved({"a.py": CODE}, {"b.py": CODE.replace("return 3", "pass")})


def test_a_text_of_which_little_is_there_is_another_file() -> None:
    assert {} == moved({"a.py": CODE}, {"b.py": CODE[:40] + OTHER})


def test_of_several_that_are_the_same_the_one_of_the_same_name_has_been_moved() -> None:
    gone = {"a/__init__.py": CODE, "a/one.py": CODE}

    assert {"b/one.py": "a/one.py"} == moved(gone, {"b/one.py": CODE})


def test_short_texts_are_alike_by_chance() -> None:
    assert {} == moved({"a.py": "import os\n"}, {"b.py": "import os\n\n"})
    assert {} == moved({"a.py": ""}, {"b.py": ""})


@given(files, files)
def test_each_file_is_moved_once_at_most(gone: dict[str, str], come: dict[str, str]) -> None:
    found = moved(gone, come)

    assert found.keys() <= come.keys()
    assert set(found.values()) <= gone.keys()
    assert len(found) == len(set(found.values()))
