"""From settings to ways: which there are, what their models can do, what was learned of them."""

from dataclasses import replace

import pytest
from msgspec.structs import replace as but

from spark_lsp.core.events import Event
from spark_lsp.core.settings import EMBEDDED, Provider, Settings, WireApi
from spark_lsp.server.connection import Connection
from spark_lsp.server.posting import ONLY_COMPLETES
from spark_lsp.server.routes import Routes

STEERED = Settings(model_provider="openai", model="gpt-6-astra")


def speaking(wire_api: WireApi, *, model: str = "m", window: int = 128_000) -> Settings:
    """Settings with a server of the person's own."""
    mine = Provider(base_url="http://127.0.0.1:1/v1", wire_api=wire_api)
    return Settings(
        model_provider="mine",
        model=model,
        model_context_window=window,
        model_providers={"mine": mine},
    )


def unable(settings: Settings) -> list[str]:
    return [way.unable for way in Routes(None).ways(settings)]


def begun(routes: Routes, settings: Settings) -> Connection:
    """The connection of the best way, not connected."""

    def listen(_: Event) -> None:
        """Nothing is told."""

    backend = routes.ways(settings)[0].begin(listen)
    assert isinstance(backend, Connection)
    return backend


@pytest.mark.parametrize(
    ("wire_api", "model", "follows"),
    [
        ("responses", "m", True),
        ("chat", "m", True),
        ("completions", "m", False),
        ("fim", "m", False),
        ("infill", "m", False),
        ("ollama", "qwen2.5-coder:7b", True),
        ("ollama", "qwen2.5-coder:7b-base", False),
    ],
)
def test_each_way_says_whether_its_model_follows_instructions(
    wire_api: WireApi, model: str, *, follows: bool
) -> None:
    """And if not, why not; the engine that stands in never does."""
    *ways, engine = unable(speaking(wire_api, model=model))

    assert {"" if follows else ONLY_COMPLETES} == set(ways)
    assert "the embedded engine cannot follow instructions" in engine


def test_the_engine_follows_none_wherever_it_runs() -> None:
    told = unable(Settings()) + unable(speaking("responses", model=EMBEDDED))

    assert [told[0]] * 4 == told
    assert "connect a model, see README.md" in told[0]


async def test_a_rewrite_may_take_a_part_of_the_window_and_no_more() -> None:
    wide, narrow = (
        begun(Routes(None), speaking("responses", window=window)).profile
        for window in (128_000, 8_192)
    )

    assert (16_000, 2_048) == (wide.rewrite_tokens, narrow.rewrite_tokens)
    assert wide.max_output_tokens == narrow.max_output_tokens


async def test_a_model_that_refused_to_be_steered_is_not_asked_again_by_the_next_connection() -> (
    None
):
    """As where settings change, or a person switches models to and fro."""
    routes = Routes(None)
    first = begun(routes, STEERED)
    assert first.profile.steer
    first._link._profile = replace(first.profile, steer=False)

    assert not begun(routes, STEERED).profile.steer
    assert begun(Routes(None), STEERED).profile.steer


def test_the_engine_that_stands_in_drafts_too() -> None:
    routes, settings = Routes(None), speaking("chat")
    ways = routes.ways(settings)

    assert ways[-1] is routes.drafting(settings, ways)


def test_without_a_stand_in_an_engine_is_there_for_drafts_alone() -> None:
    routes, settings = Routes(None), but(speaking("chat"), embedded_fallback=False)
    ways = routes.ways(settings)
    drafting = routes.drafting(settings, ways)

    assert drafting is not None
    assert drafting not in ways


def test_nothing_drafts_for_the_engine_itself_or_where_it_is_switched_off() -> None:
    routes = Routes(None)
    for settings in (Settings(), but(speaking("chat"), drafts=False)):
        assert routes.drafting(settings, routes.ways(settings)) is None
