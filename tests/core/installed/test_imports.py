"""Which packages of others a source imports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core import languages
from spark_lsp.core.installed.imports import NODE, PYTHON, Import, imported, ranked

NAMED = {
    "python": """\
        import os, numpy as np, a.b.c
        import flask  # a comment, with a comma
            from click.core import (Context,
        from .own import thing
        from . import other
        from importer
        x = "import"
        -> a click flask numpy os
        """,
    "typescript": """\
        import express, { Router } from 'express';
        import type { A } from "@scope/pack/deep";
        import './own'; import x from "../other"; import y from '@/alias'; import z from '#inner'
        const fs = require('fs'), late = await import("lodash/fp");
        export * from "node:path";
        import "https://example.com/x.js"; require('a/../../b'); require("@a/..")
        -> @scope/pack a express lodash node
        """,
    "go": """\
        package main
        import "fmt"
        import (
            "net/http"
            errors "github.com/pkg/errors"
            _ "example.com/Own/db"
            "./own"
            "example.com/../up"
        )
        -> example.com/Own/db github.com/pkg/errors
        """,
    "rust": """\
        use serde::{Deserialize, Serialize};
        pub(crate) use ::tokio::io;
        extern crate libc;
        use crate::own;
        // let us use nothing
        -> crate libc serde tokio
        """,
    "c": """\
        #include <zlib.h>
        #  include <fmt/core.h>
        #include "own.h"
        -> fmt/core.h zlib.h
        """,
}


@pytest.mark.parametrize("language", NAMED)
def test_the_names_of_packages_are_read_off_the_lines(language: str) -> None:
    text, _, names = NAMED[language].partition("->")

    assert names.split() == sorted(it.name for it in imported(language, text))


def test_every_language_that_is_read_is_one_of_ours() -> None:
    named = {row.name for row in languages.LANGUAGES}

    assert {*NAMED, "tsx", "javascript", "cpp"} <= named
    assert frozenset() == imported("markdown", "import os")


def test_what_most_sources_import_comes_first_then_names_decide() -> None:
    flask, click, express = Import(PYTHON, "flask"), Import(PYTHON, "click"), Import(NODE, "a")

    assert [flask, express, click] == ranked([{flask, click}, {express, flask}])


WORDS = [
    "import ",
    "from ",
    "require(",
    "use ",
    "#include <",
    "pub(",
    '"',
    "'",
    "@",
    "/",
    "..",
    "a",
]


@given(
    st.lists(st.sampled_from([*WORDS, "\n", " ", ".", ">", ")"]) | st.text(max_size=3)).map("".join)
)
def test_no_text_makes_it_raise_or_name_a_place_above(text: str) -> None:
    for language in ("python", "javascript", "go", "rust"):
        for it in imported(language, text):
            assert it.name
            assert {"", ".", ".."}.isdisjoint(it.name.split("/"))
