"""What `spark-lsp doctor` checks, in which order, and what depends on what.

Owns the steps and their results as values. How the world is asked is left to `server.probes`, how
the results look to `doctor`.
"""

import asyncio
import logging
import os
import platform
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import spark_lsp
from spark_lsp.core import syntax
from spark_lsp.core.languages import LANGUAGES
from spark_lsp.core.settings import EMBEDDED, Capabilities, Provider, Settings, SettingsError
from spark_lsp.server import configuration, credentials, probes
from spark_lsp.server.embedded import Child
from spark_lsp.server.endpoint import Endpoint, Unreachable
from spark_lsp.server.http import Http
from spark_lsp.server.probes import Answered, Trouble
from spark_lsp.server.store import open_store
from spark_lsp.server.tasks.means import told
from spark_lsp.server.websocket import Socket, connect
from spark_lsp.wire.capabilities import Profile, presumed
from spark_lsp.wire.dialects.base import Target
from spark_lsp.wire.dialects.choose import dialect

_log = logging.getLogger(__name__)

_OUTPUT = 64
"""Tokens of the answers that are asked for."""
_ENGINE_LIMIT = 20.0
"""Seconds that the embedded engine may take to start and answer."""
_NO_UPGRADE = {404, 405, 426, 501}
"""Statuses with which servers that know only HTTP refuse a WebSocket handshake."""
_IN_VAIN = "not tried, because of "
_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Variables that name whom to trust instead of whom the system does."""


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one step.

    Attributes:
        name: of the step.
        ok: whether it works; None if it was not tried, or is not needed.
        detail: what was found.
        fix: what to do, as a sentence; "" if nothing.
    """

    name: str
    ok: bool | None
    detail: str
    fix: str = ""


class _NotNeeded(Exception):  # noqa: N818 - how a step says that there is nothing to check
    """There is nothing to check; the message says why."""


class Checkup:
    """All steps, for one configuration and one workspace."""

    def __init__(self, config: Path | None, workspace: Path) -> None:
        """Take the configuration file named on the command line, and a directory."""
        self._config = config
        self._workspace = workspace
        self._settings = Settings()
        self._endpoint = Endpoint("")
        self._place = probes.Place("", 0)
        self._socket: Socket | None = None
        self._http: Http | None = None
        self._posted: Answered | Trouble | None = None
        self._results: dict[str, Check] = {}

    @property
    def steps(self) -> dict[str, tuple[Callable[[], Awaitable[str]], tuple[str, ...]]]:
        """The steps in their order, each with those that it depends on."""
        return {
            "configuration": (self._configuration, ()),
            "key": (self._key, ("configuration",)),
            "dns": (self._dns, ("configuration",)),
            "tcp": (self._tcp, ("dns",)),
            "tls": (self._tls, ("tcp",)),
            "websocket": (self._websocket, ("key", "tls")),
            "http": (self._http_answers, ("key", "tls")),
            "answer": (self._answer, ("key", "tls")),
            "engine": (self._engine, ()),
            "index": (self._index, ()),
            "grammars": (self._grammars, ()),
            "agent": (self._agent, ("configuration",)),
            "python": (self._python, ()),
        }

    async def run(self) -> AsyncGenerator[Check, None]:
        """Yield the result of each step when there is one."""
        try:
            for name, (work, needed) in self.steps.items():
                check = await self._done(name, work, needed)
                self._results[name] = check
                yield check
        finally:
            await self._close()

    async def _done(
        self, name: str, work: Callable[[], Awaitable[str]], needed: tuple[str, ...]
    ) -> Check:
        before = next(filter(None, map(self._in_the_way, needed)), "")
        if before:
            return Check(name, None, f"{_IN_VAIN}{before}")
        ok: bool | None = False
        fix = ""
        try:
            ok, detail = True, await work()
        except _NotNeeded as reason:
            ok, detail = None, str(reason)
        except Trouble as trouble:
            detail, fix = str(trouble), trouble.fix
        except Exception as error:  # noqa: BLE001 - whatever it was, the other steps go on
            # What it says may hold anything; where it happened does not.
            where = "".join(traceback.format_tb(error.__traceback__))
            _log.debug("the step %s has failed in a way that was not foreseen\n%s", name, where)
            detail = f"the check has failed ({type(error).__name__})"
            fix = "report this with what SPARK_LSP_LOG=debug tells: it is a defect of spark-lsp"
        return Check(name, ok, _line(detail), _line(fix))

    def _in_the_way(self, name: str) -> str:
        """Return the step that has failed, this one or that for whose sake it was not tried."""
        result = self._results[name]
        if result.ok is False:
            return name
        return result.detail.removeprefix(_IN_VAIN) if result.detail.startswith(_IN_VAIN) else ""

    async def _close(self) -> None:
        if self._socket:
            await _closed(self._socket)
        if self._http:
            await self._http.close()

    async def _configuration(self) -> str:
        file = configuration.in_use(self._config)
        try:
            self._settings = await asyncio.to_thread(configuration.load, self._config)
        except SettingsError as error:
            there = await asyncio.to_thread(file.exists)
            other = "write it, or let $SPARK_LSP_CONFIG name another"
            raise Trouble(str(error), f"correct it in {file}" if there else other) from None
        try:
            by = await asyncio.to_thread(configuration.restrictions, self._workspace)
        except SettingsError as error:
            raise Trouble(str(error), f"correct it in {self._workspace}") from None
        if not self._settings.enabled:
            raise Trouble(f"{file} switches completions off", "set enabled = true in it")
        if not by.enabled:
            raise Trouble(
                "this repository switches completions off", "ask for enabled = true in it"
            )
        provider = self._settings.provider()
        if provider:
            self._endpoint = _without_key(provider)
        what = EMBEDDED
        if provider:
            what = f"{self._settings.model} at {self._endpoint.told} ({provider.wire_api})"
        there = await asyncio.to_thread(file.exists)
        return f"{what}, by {file}" if there else f"{what}, the default: there is no {file}"

    async def _key(self) -> str:
        provider = self._provider()
        try:
            endpoint = await credentials.endpoint(provider)
            endpoint.address("http", "")  # which says whether the key may go there
        except Unreachable as error:
            raise Trouble.of(error, self._endpoint, "set it") from None
        self._endpoint = endpoint
        if not provider.env_key:
            raise _NotNeeded("no env_key is set, so none is sent")
        found = "environment" if credentials.in_environment(provider) else "system keyring"
        return f"{provider.env_key} is in the {found}"

    async def _dns(self) -> str:
        self._provider()
        self._place = probes.place_of(self._endpoint, websocket=self._wants_websocket())
        addresses = await probes.resolved(self._place, self._endpoint.timeout)
        proxy = f", the proxy in {self._place.source}" if self._place.proxy else ""
        shown = ", ".join(addresses[:3]) + ", …" * (len(addresses) > 3)
        return f"{self._place.host}{proxy}: {shown}"

    async def _tcp(self) -> str:
        self._provider()
        begun = monotonic()
        async with probes.reached(self._place, self._endpoint.timeout):
            took = monotonic() - begun
        return f"{self._place.told} answers in {_milliseconds(took)}"

    async def _tls(self) -> str:
        self._provider()
        if not self._endpoint.secure:
            open_line = "not encrypted: whoever is on the way can read your code"
            raise _NotNeeded("it stays on this machine" if self._endpoint.loopback else open_line)
        if self._place.proxy and not self._place.proxy.startswith("http://"):
            raise _NotNeeded(f"left to the next steps, because of the proxy {self._place.told}")
        found = await probes.certified(self._place, self._endpoint, self._endpoint.timeout)
        named = [f", by ${name}" for name in _AUTHORITIES if os.environ.get(name)]
        return found + "".join(named)

    async def _websocket(self) -> str:
        provider = self._provider()
        if provider.wire_api != "responses":
            raise _NotNeeded(f"{provider.wire_api} goes over HTTP")
        if not provider.supports_websockets:
            raise _NotNeeded("switched off by supports_websockets = false")
        begun = monotonic()
        try:
            self._socket = await connect(self._endpoint)
        except Unreachable as error:
            if error.status in _NO_UPGRADE and isinstance(await self._fallback(provider), Answered):
                offer = f"not needed, the server offers no WebSocket (HTTP {error.status})"
                skip = "set supports_websockets = false to skip the attempt"
                raise _NotNeeded(f"{offer}: {skip}") from None
            fix = "check base_url, or set supports_websockets = false"
            raise Trouble.of(error, self._endpoint, fix) from None
        return f"handshake in {_milliseconds(monotonic() - begun)}"

    async def _http_answers(self) -> str:
        provider = self._provider()
        if self._wants_websocket():
            found = await self._fallback(provider)
            if isinstance(found, Answered):
                return f"falls back to server-sent events over {found.way}"
            if self._socket:
                raise _NotNeeded(f"no fallback ({found}), which the WebSocket makes up for")
            raise found
        try:
            self._http = await asyncio.to_thread(Http, self._endpoint)
            begun = monotonic()
            # Any answer will do: there need be nothing at the place that is asked for.
            await self._http.reach()
        except Unreachable as error:
            raise Trouble.of(error, self._endpoint, "check base_url") from None
        return f"reached in {_milliseconds(monotonic() - begun)}"

    async def _fallback(self, provider: Provider) -> Answered | Trouble:
        """Ask over HTTP, once, beside the WebSocket; returns what came of it."""
        if self._posted is None:
            try:
                self._http = await asyncio.to_thread(Http, self._endpoint)
                self._posted = await self._post(provider, self._http)
            except Unreachable as error:
                self._posted = Trouble.of(error, self._endpoint, "check base_url")
            except Trouble as error:
                self._posted = error
        return self._posted

    async def _answer(self) -> str:
        provider = self._provider()
        stall = provider.stream_idle_timeout_ms / 1000
        if self._socket:
            profile = self._profile(provider)
            answered = await probes.written(self._socket, profile, self._endpoint, stall)
        elif isinstance(self._posted, Answered):
            answered = self._posted
        elif self._http and self._results["http"].ok:
            answered = await self._post(provider, self._http)
        else:
            raise _NotNeeded(f"{_IN_VAIN}http")
        return _told(answered)

    async def _engine(self) -> str:
        begun = monotonic()
        child = Child(None)
        profile = presumed("", EMBEDDED, Capabilities(), effort=None, max_output_tokens=_OUTPUT)
        fix = "install spark-lsp again, or set SPARK_LSP_LOG=debug and look"
        try:
            endpoint = await child.endpoint()
            started = monotonic() - begun
            socket = await connect(endpoint)
            try:
                answered = await probes.written(socket, profile, endpoint, _ENGINE_LIMIT)
            finally:
                await _closed(socket)
        except Unreachable as error:
            raise Trouble(str(error), fix) from None
        finally:
            await child.close()
        return f"started in {_milliseconds(started)}, answered in {_milliseconds(answered.total)}"

    async def _index(self) -> str:
        return await asyncio.to_thread(_stored, self._workspace)

    async def _grammars(self) -> str:
        return await asyncio.to_thread(_loaded)

    async def _agent(self) -> str:
        """Who works in the background; it is not asked anything, for that would be a task."""
        if not self._settings.background.model_provider:
            raise _NotNeeded("no model is set to work in the background")
        try:
            return await told(self._settings, self._workspace)
        except Unreachable as error:
            raise Trouble("no background tasks", str(error)) from None

    async def _python(self) -> str:
        return f"{platform.python_version()}, spark-lsp {spark_lsp.__version__}"

    def _provider(self) -> Provider:
        provider = self._settings.provider()
        if provider is None:
            raise _NotNeeded("not needed by the embedded engine")
        return provider

    def _wants_websocket(self) -> bool:
        provider = self._settings.provider()
        return bool(provider and provider.wire_api == "responses" and provider.supports_websockets)

    def _profile(self, provider: Provider) -> Profile:
        return presumed(
            provider.base_url,
            self._settings.model,
            provider.capabilities,
            effort=self._settings.model_reasoning_effort,
            tier=self._settings.service_tier,
            max_output_tokens=_OUTPUT,
        )

    async def _post(self, provider: Provider, http: Http) -> Answered:
        settings = self._settings
        chosen = settings.model_reasoning_effort, provider.fim_template
        target = Target(settings.model, _OUTPUT, *chosen, tier=settings.service_tier)
        asked = dialect(provider.wire_api, target)
        return await probes.posted(http, asked, provider.stream_idle_timeout_ms / 1000)


def _without_key(provider: Provider) -> Endpoint:
    """Return where a provider listens, for what needs no more than that."""
    return Endpoint(provider.base_url, timeout=provider.websocket_connect_timeout_ms / 1000)


async def _closed(socket: Socket) -> None:
    """Drop a connection; it is gone when this returns."""
    socket.abort()
    async for _ in socket.frames():
        pass


def _told(answered: Answered) -> str:
    """Return what is to be said of an answer.

    Raises:
        Trouble: if it is of no use.
    """
    if not answered.text and answered.reason == "max_output_tokens":
        fix = "lower model_reasoning_effort, or take a model that thinks less"
        raise Trouble("the model thought for so long that it wrote nothing", fix)
    if not answered.text and answered.reason == "refusal":
        raise Trouble("the model refuses to complete code", "take another model")
    rate = answered.tokens / max(answered.total, 1e-6)
    return (
        f"first word after {_milliseconds(answered.first)}, {answered.tokens} tokens in "
        f"{_milliseconds(answered.total)} ({rate:,.0f}/s) over {answered.way}"
    )


def _stored(root: Path) -> str:
    store = open_store(root)
    trouble, path, size = store.trouble, store.path, store.size
    store.close()
    if not path:
        raise Trouble(trouble, "make that directory writable, or let $SPARK_LSP_CACHE name another")
    return f"{size:,} bytes{f', {trouble}' if trouble else ''}, in {path}"


def _loaded() -> str:
    """Load every grammar and compile what is asked of it."""
    bad = []
    for language in LANGUAGES:
        try:
            syntax.query(language)
        except Exception as error:  # noqa: BLE001 - a wheel may fail in any way
            _log.debug("the grammar of %s does not load (%r)", language.name, error)
            bad.append(language.name)
    if bad:
        raise Trouble(f"{', '.join(bad)} cannot be loaded", "install spark-lsp again")
    return f"{len(LANGUAGES)} languages"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"


def _line(text: str) -> str:
    """Return a text in one line, without what would steer a terminal: a server may say anything."""
    return " ".join("".join(it if it.isprintable() else " " for it in text).split())
