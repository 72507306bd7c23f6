"""Which versions of its dependencies a workspace means."""

import pytest

from spark_lsp.core.installed.versions import (
    crate_folder,
    crates,
    go_folders,
    go_modules,
    interpreter,
)

GO_MOD = """\
module example.com/own

go 1.22

require github.com/pkg/errors v0.9.1
require (
\tgithub.com/BurntSushi/toml v1.3.2 // indirect
\texample.com/a v1.0.0
\texample.com/a/b v2.0.0
\texample.com/old v1.0.0
\texample.com/beside v1.0.0
)

replace example.com/old => example.com/new v1.1.0
replace example.com/beside => ../beside
"""


@pytest.mark.parametrize(
    ("package", "folders"),
    [
        ("github.com/pkg/errors", ["github.com/pkg/errors@v0.9.1"]),
        ("github.com/BurntSushi/toml/x", ["github.com/!burnt!sushi/toml@v1.3.2/x"]),
        ("example.com/a/b/c", ["example.com/a/b@v2.0.0/c", "example.com/a@v1.0.0/b/c"]),
        ("example.com/old", ["example.com/new@v1.1.0"]),
        ("example.com/unknown", []),
    ],
)
def test_a_package_of_go_lies_in_its_module_at_the_version_required(
    package: str, folders: list[str]
) -> None:
    assert folders == list(go_folders(go_modules(GO_MOD), package))


LOCK = """\
[[package]]
name = "serde-json"
version = "1.0.9"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "own"
version = "0.1.0"
dependencies = ["serde-json"]
"""
TOML = """\
[package]
name = "own"
version = "0.1.0"

[dependencies]
serde-json = { features = ["std"], version = "1.0" }
libc = "^0.2"
"""
PRESENT = ["libc-0.2.9", "libc-0.2.10", "libc-0.20.0", "serde-json-1.0.9", "serde-json-1.0.10"]


@pytest.mark.parametrize(
    ("lock", "name", "folder"),
    [
        (LOCK, "serde_json", "serde-json-1.0.9"),
        (LOCK, "own", None),
        ("", "serde_json", "serde-json-1.0.10"),
        ("", "libc", "libc-0.2.10"),
        ("", "tokio", None),
    ],
)
def test_a_crate_has_the_version_of_the_lock_or_the_newest_that_is_required(
    lock: str, name: str, folder: str | None
) -> None:
    wanted = crates(lock, [TOML]).get(name, ())

    assert folder == crate_folder(wanted, PRESENT)
    assert folder == crate_folder(wanted, PRESENT[::-1])


def test_an_environment_names_its_interpreter() -> None:
    assert "/usr/bin" == interpreter("home = /usr/bin \nversion = 3.12.1\n")
    assert interpreter("version = 3.12.1\n") is None
