"""Where settings come from, and that a changed file is noticed."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from spark_lsp.core.settings import SettingsError
from spark_lsp.server import configuration
from spark_lsp.server.configuration import in_use, load, watch
from tests.heard import PATIENCE, Heard


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration directory of a person who has configured nothing."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SPARK_LSP_CONFIG", raising=False)
    return in_use(None).parent


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def error_of(path: Path | None) -> str:
    with pytest.raises(SettingsError) as raised:
        load(path)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_without_a_file_the_defaults_hold(home: Path) -> None:
    assert load(None).model_provider == "embedded"
    assert in_use(None) == home / "config.toml"


def test_the_command_line_goes_before_the_environment_and_that_before_the_default(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(home / "config.toml", 'model = "default"')
    first = load(None).model
    monkeypatch.setenv(
        "SPARK_LSP_CONFIG", str(written(tmp_path / "other.toml", 'model = "environment"'))
    )
    second = load(None).model
    third = load(written(tmp_path / "third.toml", 'model = "command line"')).model

    assert ("default", "environment", "command line") == (first, second, third)


def test_the_editor_has_the_last_word(home: Path) -> None:
    written(home / "config.toml", 'model = "file"\nmodel_context_window = 5000')
    settings = load(None, {"model": "first"}, {"model": "last"})

    assert ("last", 5000) == (settings.model, settings.model_context_window)


def test_a_file_that_was_named_must_be_there(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "missing.toml"
    expected = f"there is no configuration file {missing}"

    assert expected == error_of(missing)
    monkeypatch.setenv("SPARK_LSP_CONFIG", str(missing))
    assert expected == error_of(None)
    assert home != tmp_path


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"model = ", "is not valid TOML: "),
        (b"a = " + b"[" * 5000, "is not valid TOML: it is nested too deeply"),
        (b"model = '\xff'", "is not UTF-8: save it as such"),
        (b"modle = 'x'", "modle: there is no such setting, do you mean model?"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_one_sentence(
    tmp_path: Path, content: bytes, told: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(content)

    assert told in error_of(file)


@pytest.mark.parametrize(
    ("template", "flaw"),
    [
        ("gpt", "there is no such template: use one of qwen2.5-coder, "),
        ("<P>{prefix}", "write {suffix} where "),
    ],
)
def test_a_template_must_be_known_or_say_where_the_text_goes(
    tmp_path: Path, template: str, flaw: str
) -> None:
    text = (
        '[model_providers.mine]\nbase_url = "http://127.0.0.1:1"\nwire_api = "completions"\n'
        f'fim_template = "{template}"'
    )
    told = error_of(written(tmp_path / "config.toml", text))

    assert told.startswith(f"model_providers.mine.fim_template: {flaw}")


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    assert f"{tmp_path} cannot be read: Is a directory" == error_of(tmp_path)


@asynccontextmanager
async def watching(path: Path | None) -> AsyncIterator[Heard[str]]:
    """Tell what the file holds whenever a change is told; watching from the start."""
    told = Heard[str]()
    file = in_use(path)

    def changed() -> None:
        told(file.read_text("utf-8") if file.exists() else "(none)")

    begun = Heard[object]()
    places = configuration._places

    def noted(file: Path) -> tuple[list[str], frozenset[str]]:
        begun_soon(places(file))
        return places(file)

    loop = asyncio.get_running_loop()

    def begun_soon(it: object) -> None:
        loop.call_soon_threadsafe(begun, it)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(configuration, "_places", noted)
        task = asyncio.create_task(watch(path, changed))
        await begun.until(len)
        try:
            yield told
        finally:
            task.cancel()
            async with asyncio.timeout(PATIENCE):
                with contextlib.suppress(asyncio.CancelledError):
                    await task


def rewrite(file: Path, text: str) -> None:
    file.write_text(text, "utf-8")


def replace(file: Path, text: str) -> None:
    """Put another file in its place, as careful editors do."""
    beside = file.with_name(f".{file.name}.tmp")
    beside.write_text(text, "utf-8")
    beside.replace(file)


def move_away_and_write(file: Path, text: str) -> None:
    """Keep a copy, as vim does with `backupcopy=no`."""
    file.replace(file.with_name(f"{file.name}~"))
    file.write_text(text, "utf-8")


@pytest.mark.parametrize("save", [rewrite, replace, move_away_and_write])
async def test_each_way_in_which_editors_save_is_noticed(
    tmp_path: Path, save: Callable[[Path, str], None]
) -> None:
    file = written(tmp_path / "config.toml", "one")
    async with watching(file) as told:
        save(file, "two")
        await told.until(len)
        save(file, "three")
        await told.until(lambda all_: len(all_) > 1)

    assert ["two", "three"] == told.all


async def test_a_file_that_appears_with_its_directory_and_vanishes_is_noticed(home: Path) -> None:
    async with watching(None) as told:
        for _ in range(2):
            written(home / "config.toml", "here")
            await told.until(lambda all_: all_[-1:] == ["here"])
            (home / "config.toml").unlink()
            home.rmdir()
            await told.until(lambda all_: all_[-1:] == ["(none)"])

    assert ["here", "(none)"] * 2 == told.all


async def test_a_link_is_followed_wherever_it_leads(tmp_path: Path) -> None:
    file = written(tmp_path / "dotfiles/spark.toml", "one")
    other = written(tmp_path / "elsewhere/spark.toml", "three")
    link = tmp_path / "home/config.toml"
    link.parent.mkdir()
    link.symlink_to(file)
    async with watching(link) as told:
        file.write_text("two", "utf-8")
        await told.until(lambda all_: all_[-1:] == ["two"])
        beside = link.with_name("new")
        beside.symlink_to(other)
        beside.replace(link)
        await told.until(lambda all_: all_[-1:] == ["three"])
        other.write_text("four", "utf-8")
        await told.until(lambda all_: all_[-1:] == ["four"])


async def test_of_other_files_and_of_what_changes_nothing_nothing_is_told(tmp_path: Path) -> None:
    file = written(tmp_path / "config.toml", "one")
    async with watching(file) as told:
        written(tmp_path / "config.toml~", "x")
        written(tmp_path / "deep/config.toml", "x")
        os.utime(file)
        file.write_text("one", "utf-8")
        file.write_text("two", "utf-8")
        await told.until(len)

    assert ["two"] == told.all


async def test_a_pipe_is_not_read_a_second_time(tmp_path: Path) -> None:
    """`--config <(…)`: reading it would wait for ever."""
    pipe = tmp_path / "config.toml"
    os.mkfifo(pipe)
    async with watching(pipe) as told:
        pipe.unlink()
        pipe.write_text("file", "utf-8")
        await told.until(len)

    assert ["file"] == told.all


async def test_where_nothing_can_be_watched_that_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("OS file watch limit reached.")

    monkeypatch.setattr("watchfiles.awatch", refuse)
    async with asyncio.timeout(PATIENCE):
        await watch(tmp_path / "config.toml", lambda: None)

    assert 1 == len(caplog.records)
    assert "until a restart (OS file watch limit reached.)" in caplog.text
