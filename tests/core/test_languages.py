"""The rows of language data: each is complete, and each is found."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core import languages
from spark_lsp.core.languages import KINDS, LANGUAGES, Language
from spark_lsp.core.syntax import grammar, query

every_language = pytest.mark.parametrize(
    "language", [pytest.param(language, id=language.name) for language in LANGUAGES]
)


@every_language
def test_a_language_has_a_grammar_that_loads_and_queries_that_compile(language: Language) -> None:
    patterns = query(language)
    captures = {patterns.capture_name(number) for number in range(patterns.capture_count)}
    kinds = {it.removeprefix("definition.") for it in captures if it.startswith("definition.")}

    assert grammar(language).abi_version > 0
    assert "name" in captures
    assert kinds <= KINDS
    assert set(language.words.values()) <= KINDS | {"import"}
    assert bool(language.words) == ("word" in captures)
    assert captures <= {f"definition.{kind}" for kind in kinds} | {
        "body",
        "definition",
        "import",
        "imported",
        "name",
        "word",
    }


@every_language
def test_a_query_has_no_predicates_and_no_directives(language: Language) -> None:
    assert "#" not in language.query


@every_language
def test_a_language_has_a_way_to_write_comments(language: Language) -> None:
    assert bool(language.comment) != bool(language.block)


def test_no_two_languages_share_an_id_a_name_or_a_suffix() -> None:
    ids = [*chain.from_iterable((row.name, *row.ids) for row in LANGUAGES)]
    names = [*chain.from_iterable(row.names for row in LANGUAGES)]
    suffixes = [*chain.from_iterable(row.suffixes for row in LANGUAGES)]

    assert sorted(set(ids)) == sorted(ids)
    assert sorted(set(names)) == sorted(names)
    assert sorted(set(suffixes)) == sorted(suffixes)
    assert all(it.startswith(".") and it == it.lower() for it in suffixes)


@every_language
def test_a_language_is_found_by_its_ids_names_and_suffixes(language: Language) -> None:
    for id_ in (language.name, *language.ids):
        assert language is languages.by_id(id_)
    for suffix in language.suffixes:
        assert language is languages.by_path(f"deep/er.d/Name{suffix.upper()}")
    for name in language.names:
        assert language is languages.by_path(name)
        assert language is languages.by_path(f"deep/er.d/{name}")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        pytest.param("app/Gemfile", "ruby", id="a whole name"),
        pytest.param(".bashrc", "bash", id="a name that starts with a dot"),
        pytest.param("a/b.test.TS", "typescript", id="the last of several suffixes"),
        pytest.param(".py", "python", id="a suffix alone"),
    ],
)
def test_a_file_has_the_language_of_its_name(path: str, name: str) -> None:
    found = languages.by_path(path)

    assert found
    assert name == found.name


@pytest.mark.parametrize(
    "path",
    [
        "Makefile",
        "a.py/b",
        "a.",
        "",
        ".",
        "x.unknown",
        "dir.py/",
        "Gemfile/x",
        "gemfile",
        "My Gemfile",
    ],
)
def test_a_file_without_a_known_name_or_suffix_has_no_language(path: str) -> None:
    assert languages.by_path(path) is None


@given(st.text(max_size=40))
def test_no_path_and_no_id_makes_the_search_fail(string: str) -> None:
    assert languages.by_path(string) in {None, *LANGUAGES}
    assert languages.by_id(string) in {None, *LANGUAGES}
