"""What a trace calls documents and files: nothing absolute, and nothing that is private."""

import pytest

from spark_lsp.core import languages
from spark_lsp.core.tracing.names import ROOT, Names


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("src/a.py", "src/a.py"),
        ("../other/a.py", "../outside-1.py"),
        ("/home/alice/a.py", "../outside-1.py"),
        ("//server/share/a.py", "../outside-1.py"),
        ("c:/users/alice/a.rs", "../outside-1.rs"),
        ("untitled://a", "../outside-1"),
        ("..", "../outside-1"),
        (".env", "private-1"),
        ("deploy/prod.pem", "private-1"),
        ("secrets.json", "private-1.json"),
        ("../other/.env.production", "../private-1"),
        ("", ""),
        ("a b/ü.py", "a b/ü.py"),
    ],
)
def test_a_path_is_told_only_inside_of_the_workspace(path: str, name: str) -> None:
    names = Names()

    assert name == names.path(path)
    assert name == names.path(path)
    assert languages.by_path(path) == languages.by_path(name)


def test_a_document_is_named_by_its_path() -> None:
    names = Names()
    names.opened("file:///home/alice/r/a%20b.py", "a b.py", private=False)
    names.opened("file:///home/alice/r/n.py", "notes/n.py", private=True)
    names.opened("file:///home/alice/x.py", "../x.py", private=False)

    assert f"{ROOT}a%20b.py" == names.uri("file:///home/alice/r/a%20b.py")
    assert f"{ROOT}private-1.py" == names.uri("file:///home/alice/r/n.py")
    assert "private-1.py" == names.path("notes/n.py")
    assert f"{ROOT}../outside-2.py" == names.uri("file:///home/alice/x.py")


def test_documents_of_one_path_are_told_apart() -> None:
    names = Names()
    uris = ("file:///r/a.py", "file:///r/./a.py")
    for uri in uris:
        names.opened(uri, "a.py", private=False)

    assert 2 == len({names.uri(uri) for uri in uris})


def test_a_document_that_was_never_opened_has_a_number() -> None:
    names = Names()

    assert f"{ROOT}unknown-1" == names.uri("file:///home/alice/a.py")
    assert f"{ROOT}unknown-2" == names.uri("file:///home/alice/b.py")
    assert f"{ROOT}unknown-1" == names.uri("file:///home/alice/a.py")


def test_a_name_that_has_been_told_stays() -> None:
    names = Names()
    names.opened("file:///r/a.py", "a.py", private=False)
    names.opened("file:///r/a.py", "a.py", private=True)

    assert "a.py" == names.path("a.py")


def test_a_sentence_names_nothing_that_the_trace_does_not() -> None:
    names = Names()
    names.opened("file:///home/alice/r/.env", ".env", private=True)
    names.opened("file:///home/alice/x.py", "../x.py", private=False)
    told = names.prose("cannot read .env, ../x.py or file:///home/alice/x.py")

    assert "cannot read private-1, ../outside-2.py or file:///trace/../outside-2.py" == told
