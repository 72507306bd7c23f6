"""The ways to the model that a person has chosen, from the settings.

Owns how settings become ways: which there are, in which order, and what each is told of the model.
What was learned of a model is kept here, so that it is learned once. Which way is used is left to
`provider`.
"""

import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from spark_lsp.core.events import Event
from spark_lsp.core.prompt import Block, Prompt, Rewrite, longest_rewrite
from spark_lsp.core.settings import EMBEDDED, Provider, Settings
from spark_lsp.server import credentials
from spark_lsp.server.connection import PACE, Connection
from spark_lsp.server.embedded import Child
from spark_lsp.server.endpoint import Endpoint
from spark_lsp.server.posting import ONLY_COMPLETES, Posting
from spark_lsp.server.provider import Backend, Way
from spark_lsp.wire.capabilities import Profile, presumed
from spark_lsp.wire.dialects.base import Target
from spark_lsp.wire.dialects.choose import dialect

_MAX_OUTPUT_TOKENS = 128
_THOUGHTS = 1_024
"""Tokens that a model may think before it answers; they count as output."""
_HTTP_AFTER = 4.0
"""Seconds until HTTP is tried where a WebSocket neither opens nor fails."""
_ENGINE_AFTER = 1.0
"""Seconds until the engine stands in: most absences are shorter."""
_ENGINE = Profile(
    EMBEDDED,
    None,
    _MAX_OUTPUT_TOKENS,
    lanes=True,
    continuation=True,
    interrupt=True,
    holds_back=True,
)
_NO_INSTRUCTIONS = "the embedded engine cannot follow instructions: connect a model, see README.md"

Feed = Callable[[Event], None]


class Routes:
    """Makes ways, and remembers what was learned of each model on them."""

    def __init__(self, root: Path | None) -> None:
        """Take the workspace, which the engine learns from."""
        self._root = root
        self._learned: dict[tuple[object, ...], Connection] = {}

    def ways(self, settings: Settings) -> list[Way]:
        """Return the ways to the model of the settings, the best first."""
        provider = settings.provider()
        engine = self._engine()
        if provider is None:
            return [engine]
        name = f"{settings.model} at {settings.model_provider}"
        unable = self._unable(provider, settings)
        posting = partial(self._posting, provider, settings)
        if provider.wire_api == "responses" and provider.supports_websockets:
            socket = partial(self._socket, provider, settings)
            ways = [
                Way(name, socket, unable=unable),
                Way(f"{name}, over HTTP", posting, _HTTP_AFTER, unable=unable),
            ]
        else:
            ways = [Way(name, posting, unable=unable)]
        if settings.embedded_fallback:
            ways.append(replace(engine, after=_ENGINE_AFTER, stand_in=True))
        return ways

    def drafting(self, settings: Settings, ways: Sequence[Way]) -> Way | None:
        """Return the way to the engine that writes drafts: the stand-in, if there is one."""
        if settings.provider() is None or not settings.drafts:
            return None
        return ways[-1] if ways[-1].stand_in else self._engine()

    def _engine(self) -> Way:
        begin = partial(_Engine, self._root)
        return Way("the embedded engine", begin, unable=_NO_INSTRUCTIONS, guidable=True)

    def _unable(self, provider: Provider, settings: Settings) -> str:
        """Return why a model follows no instructions, "" if it does."""
        if settings.model == EMBEDDED:
            return _NO_INSTRUCTIONS
        spoken = dialect(provider.wire_api, self._target(provider, settings))
        return "" if spoken.instructable else ONLY_COMPLETES

    def _socket(self, provider: Provider, settings: Settings, feed: Feed) -> Backend:
        asked = settings.model, settings.model_reasoning_effort, settings.service_tier
        key = (provider.base_url, *asked, provider.capabilities)
        profile = self._profile(provider, settings)
        if before := self._learned.get(key):
            profile = profile.meet(before.profile)
        # A silence that the stream may have, and as much again, is no sign of death.
        mute = max(PACE.mute, 2 * provider.stream_idle_timeout_ms / 1000)
        connection = Connection(_asked_anew(provider), profile, feed, pace=replace(PACE, mute=mute))
        self._learned[key] = connection
        return connection

    def _posting(self, provider: Provider, settings: Settings, feed: Feed) -> Backend:
        spoken = dialect(provider.wire_api, self._target(provider, settings))
        return Posting(_asked_anew(provider), spoken, feed)

    def _target(self, provider: Provider, settings: Settings) -> Target:
        return Target(
            settings.model,
            _output_limit(provider, settings),
            settings.model_reasoning_effort,
            provider.fim_template,
            self._cache_key(),
            window=settings.model_context_window,
            cache_breakpoint=self._profile(provider, settings).cache_breakpoint,
            rewrite_tokens=longest_rewrite(settings.model_context_window),
            prediction=provider.supports_prediction,
            tier=settings.service_tier,
        )

    def _profile(self, provider: Provider, settings: Settings) -> Profile:
        if settings.model == EMBEDDED:
            return _ENGINE
        profile = presumed(
            provider.base_url,
            settings.model,
            provider.capabilities,
            effort=settings.model_reasoning_effort,
            max_output_tokens=_output_limit(provider, settings),
            rewrite_tokens=longest_rewrite(settings.model_context_window),
            tier=settings.service_tier,
        )
        return replace(profile, prompt_cache_key=self._cache_key())

    def _cache_key(self) -> str:
        """Name the workspace without telling its path."""
        return f"spark-{zlib.crc32(str(self._root).encode()):08x}"


class _Engine:
    """The embedded engine in a process of its own, which ends with it."""

    def __init__(self, root: Path | None, feed: Feed) -> None:
        self._child = Child(root)
        self._connection = Connection(self._child.endpoint, _ENGINE, feed, self._child.replace)

    async def run(self) -> None:
        """Keep the process and the connection to it going until cancelled."""
        try:
            await self._connection.run()
        finally:
            await self._child.close()

    def open(self, stream: int, prompt: Prompt | Rewrite) -> None:
        """Ask for an answer."""
        self._connection.open(stream, prompt)

    def steer(self, stream: int, instruction: str, again: Prompt | Rewrite) -> None:
        """Redirect an answer."""
        self._connection.steer(stream, instruction, again)

    def cancel(self, stream: int) -> None:
        """Stop an answer."""
        self._connection.cancel(stream)

    def warm(self, stable: tuple[Block, ...]) -> None:
        """Prepare for prompts that begin like this."""
        self._connection.warm(stable)

    def relax(self, *, relaxed: bool) -> None:
        """Connect without hurry, or in a hurry again."""
        self._connection.relax(relaxed=relaxed)


def _output_limit(provider: Provider, settings: Settings) -> int:
    thinks = settings.model_reasoning_effort not in {None, "none", "minimal"}
    thoughts = _THOUGHTS if thinks and provider.wire_api == "responses" else 0
    return _MAX_OUTPUT_TOKENS + thoughts


def _asked_anew(provider: Provider) -> Callable[[], Awaitable[Endpoint]]:
    """Return what looks up the provider's endpoint, and its key, before each attempt."""
    return partial(credentials.endpoint, provider)
