"""How a Codex is walled in: what it is started with, and what is told to whom."""

import json
import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.server.agents.finding import Program
from spark_lsp.server.agents.isolation import Mind, Place, Walls, build, toml
from spark_lsp.server.endpoint import Endpoint, Unreachable

KEY, HEADER, QUERY = "sk-key-0123456789", "header-secret", "query-secret"
ENDPOINT = Endpoint("wss://api.example.com/v1?a=b", KEY, {"X-Team": HEADER}, {"token": QUERY})
WORLD = {
    "PATH": "/usr/bin",
    "LANG": "C.UTF-8",
    "HTTPS_PROXY": "http://user:proxy-secret@proxy",
    "OPENAI_API_KEY": "another",
    "SSH_AUTH_SOCK": "/run/agent",
    "HOME": "/home/ann",
}


def walls(folder: Path, mind: Mind | None = None, *, commands: bool = False) -> Walls:
    place = Place(folder / "worktree", folder / "home")
    program = Program(folder / "bin/codex", folder / "lib")
    return build(program, place, mind or Mind(ENDPOINT, "mine"), WORLD, commands=commands)


def settings(made: Walls) -> str:
    """The command line as TOML, as Codex reads it."""
    return "\n".join(made.arguments[1::2])


def test_what_opens_a_door_stands_in_no_argument_and_only_the_query_in_a_file(
    tmp_path: Path,
) -> None:
    made = walls(tmp_path)
    files = "".join(path.read_text("utf-8") for path in (tmp_path / "home").iterdir())

    assert not any(it in settings(made) for it in (KEY, HEADER, QUERY, "example.com"))
    assert not any(it in files for it in (KEY, HEADER))
    assert {KEY, HEADER} < set(made.environment.values())


@pytest.mark.skipif(os.name == "nt", reason="files have no mode there")
def test_its_files_are_nobody_elses(tmp_path: Path) -> None:
    walls(tmp_path)
    home = tmp_path / "home"

    assert 0o700 == home.stat().st_mode & 0o777
    assert {0o600} == {path.stat().st_mode & 0o777 for path in home.iterdir()}


def test_it_finds_the_model_as_the_settings_say(tmp_path: Path) -> None:
    walls(tmp_path)
    config = tomllib.loads((tmp_path / "home/config.toml").read_text("utf-8"))
    provider = config["model_providers"]["spark"]

    assert "https://api.example.com/v1" == provider["base_url"]
    assert {"a": "b", "token": QUERY} == provider["query_params"]
    assert ["X-Team"] == list(provider["env_http_headers"])


def test_a_key_is_not_sent_over_an_open_line(tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        walls(tmp_path, Mind(Endpoint("ws://api.example.com/v1", KEY), "mine"))


def test_it_knows_as_much_of_the_world_as_it_needs_and_a_command_less(tmp_path: Path) -> None:
    made = walls(tmp_path)

    assert not {"OPENAI_API_KEY", "SSH_AUTH_SOCK"} & set(made.environment)
    assert str(tmp_path / "home") == made.environment["HOME"]
    assert {"PATH", "LANG"} == set(made.environment) - set(made.hidden)


def test_it_may_write_in_the_worktree_and_read_there_and_the_system(tmp_path: Path) -> None:
    read = tomllib.loads(settings(walls(tmp_path)))

    assert {
        "filesystem": {
            ":minimal": "read",
            ":workspace_roots": {".": "write"},
            str(tmp_path / "lib"): "read",
        },
        "network": {"enabled": False},
    } == read["permissions"]["spark"]
    assert ("spark", "on-request") == (read["default_permissions"], read["approval_policy"])
    assert {str(tmp_path / "worktree"): {"trust_level": "untrusted"}} == read["projects"]
    assert not any(read["features"].values())


@pytest.mark.parametrize(
    ("window", "wanted", "at"),
    [(128_000, 100_000, 100_000), (128_000, 120_000, 100_000), (64_000, 100_000, 50_000)],
)
def test_it_sums_up_early_enough_for_its_window(
    tmp_path: Path, window: int, wanted: int, at: int
) -> None:
    mind = Mind(ENDPOINT, "mine", window=window, compact_at=wanted)
    read = tomllib.loads(settings(walls(tmp_path, mind)))

    assert (window, at) == (read["model_context_window"], read["model_auto_compact_token_limit"])


def test_only_who_may_ask_for_commands_is_told_of_them(tmp_path: Path) -> None:
    told = []
    for commands in (False, True):
        walls(tmp_path, commands=commands)
        catalogue = json.loads((tmp_path / "home/models.json").read_text("utf-8"))
        told.append("run_command" in catalogue["models"][0]["base_instructions"])

    assert [False, True] == told


@given(st.recursive(
    st.text(st.characters(codec="utf-8")) | st.booleans() | st.integers(-(2**63), 2**63 - 1),
    lambda inner: st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3),
))  # fmt: skip
def test_any_value_is_spelled_so_that_it_is_read_back(value: object) -> None:
    spelled = toml(value)

    assert "\n" not in spelled
    assert value == tomllib.loads(f"a = {spelled}")["a"]
