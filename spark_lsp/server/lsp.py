"""The Language Server Protocol: the only module that knows pygls and lsprotocol.

Owns the life cycle, whose each message is, and the promise that each request is answered exactly
once, whatever a client sends and in whatever order. What messages say is read in `sync` and
`asking`, and spelled in `telling`. pygls gives message types, capabilities and dispatch. Its intake
is replaced, because it leaves requests with unfit parameters, and those after `shutdown`, without
an answer; its document store is not used, because it splits lines by Python's rules and not by
LSP's. Decisions are left to `core.session`.
"""

import itertools
import json
import logging
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, default_converter, lsp_method

import spark_lsp
from spark_lsp.core.effects import Report
from spark_lsp.core.events import Closed, Edited, Opened, RequestId, Withdrawn
from spark_lsp.core.text import Encoding
from spark_lsp.server import asides, asking, telling
from spark_lsp.server.asking import Token
from spark_lsp.server.framing import Framed
from spark_lsp.server.hooks import Final, Hooks, Introduction, Partial
from spark_lsp.server.pipes import Pipe
from spark_lsp.server.progress import TOKEN, Bar
from spark_lsp.server.status import METHOD, StatusLine
from spark_lsp.server.sync import edited, opened
from spark_lsp.server.uris import file_path, workspace
from spark_lsp.wire.frames import encode

_log = logging.getLogger(__name__)

ClientId = int | str

_REQUESTS = frozenset(
    {
        *(lsp.INITIALIZE, lsp.SHUTDOWN, lsp.WORKSPACE_EXECUTE_COMMAND),
        *asking.QUESTIONS,
        *asides.METHODS,
    }
)
"""What may come as a request. pygls would also take notifications as such, and end at `exit`."""
_NOTIFICATIONS = frozenset(
    {
        lsp.INITIALIZED,
        lsp.WORKSPACE_DID_CHANGE_CONFIGURATION,
        lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES,
    }
)
"""What pygls dispatches to us; its own handlers would keep documents and folders of their own."""
_DOCUMENTS = frozenset(
    {lsp.TEXT_DOCUMENT_DID_OPEN, lsp.TEXT_DOCUMENT_DID_CHANGE, lsp.TEXT_DOCUMENT_DID_CLOSE}
)


_OFFERED = dict.fromkeys(("edit", "steer", "interrupt", "explain", "nextEdit", "task"), True)
"""What a client that knows us may ask, under `experimental.spark` of our capabilities."""


@dataclass(slots=True)
class _Open:
    """A request that is not answered yet, and what of it the client wants to see before."""

    id: ClientId
    partial: Token | None
    work: Token | None
    progress: telling.Work = field(default_factory=telling.Work)


class Protocol(LanguageServerProtocol):
    """pygls' protocol with an intake that answers everything."""

    hooks: Hooks
    client: Introduction | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pending: dict[RequestId, _Open] = {}
        self._ids = itertools.count(1)
        self._asked: set[str] = set()
        self._versions: dict[str, int] = {}
        self._asides = asides.Asides(self._send)
        self.status = StatusLine(lambda value: self.notify(METHOD, value))
        self.bar = Bar(
            lambda: self.create_progress(TOKEN),
            lambda value: self.notify(lsp.PROGRESS, lsp.ProgressParams(TOKEN, value)),
        )

    def receive(self, body: bytes) -> None:
        """Take in one message of any content."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(None, lsp.ErrorCodes.ParseError, "the message is not JSON")
            return
        if not isinstance(message, dict):
            self._refuse(None, lsp.ErrorCodes.InvalidRequest, "the message is not an object")
            return
        method, id_ = message.get("method"), message.get("id")
        if "id" not in message:
            if isinstance(method, str):
                self._notified(method, message)
        elif isinstance(id_, bool) or not isinstance(id_, int | str):
            self._refuse(None, lsp.ErrorCodes.InvalidRequest, "the id is no integer or string")
        elif isinstance(method, str):
            self._requested(id_, method, message)
        elif method is None and ("result" in message or "error" in message):
            self._responded(id_, message)
        else:
            self._refuse(id_, lsp.ErrorCodes.InvalidRequest, "there is no method")

    def show(self, effect: Partial) -> None:
        """Tell how far a request has come; of one that is answered nothing may be told."""
        open_ = self._pending.get(effect.request)
        if open_ is None:
            return
        if isinstance(effect, Report):
            self._progress(open_.work, open_.progress.told(effect))
        else:
            self._progress(open_.partial, telling.partial(effect))

    def answer(self, effect: Final) -> None:
        """Answer a request."""
        open_ = self._pending.pop(effect.request)
        self._progress(open_.work, open_.progress.end())
        root = self.client.root if self.client else None
        self._send({"id": open_.id, **telling.answer(effect, root)})

    def create_progress(self, token: Token) -> "Future[Any]":
        """Ask the client for a progress bar."""
        params = lsp.WorkDoneProgressCreateParams(token)
        created: Future[Any] = self.send_request(lsp.WINDOW_WORK_DONE_PROGRESS_CREATE, params)
        return created

    def tell(self, method: str, params: Any) -> None:
        """Send a notification that pygls has no type of."""
        self._send({"method": method, "params": params})

    def send_request(self, method: str, params: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Ask the client something and remember that we did."""
        kwargs["msg_id"] = kwargs.get("msg_id") or f"spark-{next(self._ids)}-{method}"
        self._asked.add(kwargs["msg_id"])
        future = super().send_request(method, params, *args, **kwargs)

        def unwanted(done: "Future[Any]") -> None:
            if done.cancelled():
                self.tell(lsp.CANCEL_REQUEST, {"id": kwargs["msg_id"]})

        future.add_done_callback(unwanted)
        return future

    @lsp_method(lsp.INITIALIZE)
    def lsp_initialize(self, params: lsp.InitializeParams) -> Generator[Any, Any, Any]:
        """Answer `initialize`; inline completion is offered once, statically or dynamically."""
        result = yield from super().lsp_initialize(params)
        if not self._may_register("text_document", "inline_completion"):
            result.capabilities.inline_completion_provider = lsp.InlineCompletionOptions()
        offered = result.capabilities
        offered.execute_command_provider = lsp.ExecuteCommandOptions([*asking.COMMANDS])
        offered.experimental = {"spark": _OFFERED}
        options = params.initialization_options
        folders = [it.uri for it in params.workspace_folders or ()]
        self.client = Introduction(
            workspace(folders, params.root_uri, params.root_path),
            Encoding(result.capabilities.position_encoding),
            options if isinstance(options, dict) else {},
            watches=self._may_register("workspace", "did_change_watched_files"),
            name=params.client_info.name if params.client_info else "",
            capabilities=self._converter.unstructure(params.capabilities),
        )
        self.hooks.started(self.client)
        return result

    @lsp_method(lsp.INITIALIZED)
    def lsp_initialized(self, _params: Any = None) -> None:
        """Register what the client wants registered dynamically."""
        registrations = []
        if self._may_register("text_document", "inline_completion"):
            registrations.append(
                lsp.Registration("spark-inline-completion", lsp.TEXT_DOCUMENT_INLINE_COMPLETION, {})
            )
        if self._may_register("workspace", "did_change_watched_files"):
            everything = [lsp.FileSystemWatcher(glob_pattern="**/*")]
            watchers = lsp.DidChangeWatchedFilesRegistrationOptions(everything)
            method = lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES
            registrations.append(lsp.Registration("spark-watched-files", method, watchers))
        if registrations:
            self.send_request(lsp.CLIENT_REGISTER_CAPABILITY, lsp.RegistrationParams(registrations))
        self.status.ready()
        if getattr(self.client_capabilities.window, "work_done_progress", None):
            self.bar.ready()

    @lsp_method(lsp.SHUTDOWN)
    def lsp_shutdown(self, *args: Any) -> Generator[Any, Any, None]:
        """Answer what is open, then `shutdown` itself."""
        for request in list(self._pending):
            self.hooks.event(Withdrawn(request))
        self._asides.close()
        return (yield from super().lsp_shutdown(*args))

    @lsp_method(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def lsp_watched_files(self, params: lsp.DidChangeWatchedFilesParams) -> None:
        """Tell which files on disk have changed."""
        paths = [path for change in params.changes if (path := file_path(change.uri))]
        self.hooks.files_changed(paths)

    @lsp_method(lsp.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def lsp_configuration(self, params: lsp.DidChangeConfigurationParams) -> None:
        """Tell the settings under `spark`."""
        settings = params.settings
        if isinstance(settings, dict) and isinstance(settings.get("spark"), dict):
            self.hooks.configured(settings["spark"])

    def _notified(self, method: str, message: dict[str, Any]) -> None:
        if method == lsp.EXIT:
            self.hooks.stopped(0 if self._shutdown else 1)
        elif self._shutdown or self.client is None:
            _log.debug("%s outside of the session is ignored", method)
        elif method == lsp.CANCEL_REQUEST:
            self._withdrawn(message.get("params"))
        elif method == lsp.WINDOW_WORK_DONE_PROGRESS_CANCEL:
            params = message.get("params")
            self.hooks.unwanted(params.get("token") if isinstance(params, dict) else None)
        elif method in _DOCUMENTS:
            self._document_moved(method, message.get("params"))
        elif method in asking.NOTICES:
            if event := asking.notice(method, message.get("params")):
                self.hooks.event(event)
        elif method not in _NOTIFICATIONS:
            _log.debug("%s is nothing to us", method)
        elif (structured := self._structured(method, message)) is not None:
            self._handle_notification(method, structured.params)

    def _document_moved(self, method: str, params: Any) -> None:
        """Change our store, as leniently as can be: what is missed corrupts all that comes after.

        A document about which something came that cannot be understood is closed, until the client
        opens it again.
        """
        document = params.get("textDocument") if isinstance(params, dict) else None
        uri = document.get("uri") if isinstance(document, dict) else None
        if not isinstance(document, dict) or not isinstance(uri, str):
            _log.warning("%s says of no document", method)
            return
        last = self._versions.pop(uri, None)
        event: Opened | Edited | None
        if method == lsp.TEXT_DOCUMENT_DID_OPEN:
            event = opened(uri, document, self.client.root if self.client else None)
        elif method == lsp.TEXT_DOCUMENT_DID_CHANGE and last is not None:
            event = edited(uri, document, params.get("contentChanges"), last)
        else:
            self.hooks.event(Closed(uri))
            return
        if event is not None:
            self._versions[uri] = event.version
        else:
            _log.warning("%s does not fit: %s is ignored until it is opened again", method, uri)
        self.hooks.event(event or Closed(uri))

    def _withdrawn(self, params: Any) -> None:
        id_ = params.get("id") if isinstance(params, dict) else None
        for request in [key for key, open_ in self._pending.items() if open_.id == id_]:
            self.hooks.event(Withdrawn(request))
        if isinstance(id_, int | str):
            self._asides.withdraw(id_)

    def _requested(self, id_: ClientId, method: str, message: dict[str, Any]) -> None:
        if self._shutdown:
            self._refuse(id_, lsp.ErrorCodes.InvalidRequest, "the server has been shut down")
        elif self.client is None and method != lsp.INITIALIZE:
            self._refuse(id_, lsp.ErrorCodes.ServerNotInitialized, "initialize comes first")
        elif self.client is not None and method == lsp.INITIALIZE:
            self._refuse(id_, lsp.ErrorCodes.InvalidRequest, "initialize comes only once")
        elif method not in _REQUESTS:
            self._refuse(id_, lsp.ErrorCodes.MethodNotFound, f"there is no method {method}")
        elif method == lsp.WORKSPACE_EXECUTE_COMMAND:
            self._commanded(id_, message.get("params"))
        elif method in asking.QUESTIONS:
            self._questioned(id_, method, message.get("params"))
        elif method in asides.METHODS:
            self.hooks.aside(method, message.get("params"), self._asides.begin(id_))
        elif (structured := self._structured(method, message)) is not None:
            self._handle_request(id_, method, structured.params)
        else:
            self._refuse(id_, lsp.ErrorCodes.InvalidParams, f"the params do not fit {method}")

    def _questioned(self, id_: ClientId, method: str, params: Any) -> None:
        request = next(self._ids)
        question = asking.question(method, request, params)
        if question is None:
            self._refuse(id_, lsp.ErrorCodes.InvalidParams, f"the params do not fit {method}")
            return
        # A client may use an id twice; the session's own ids are unique.
        self._pending[request] = _Open(id_, question.partial, question.work)
        self.hooks.event(question.event)

    def _commanded(self, id_: ClientId, params: Any) -> None:
        command = asking.command(params)
        if command is None or command.name not in asking.COMMANDS:
            self._refuse(id_, lsp.ErrorCodes.InvalidParams, "there is no such command")
            return
        if command.event:
            self.hooks.event(command.event)
        self._send({"id": id_, "result": None})

    def _responded(self, id_: ClientId, message: dict[str, Any]) -> None:
        # pygls keeps futures of both directions in one table, so a stranger's id must not reach it.
        if id_ not in self._asked:
            _log.debug("a response to nothing we asked is ignored")
            return
        self._asked.discard(str(id_))
        future = self._request_futures.pop(id_, None)
        if future is None or future.cancelled():
            return  # nobody waits for it any more
        if "error" in message:
            _log.info("the client refused %s", id_)
            future.set_exception(LookupError("the client has refused"))
        else:
            future.set_result(message["result"])

    def _structured(self, method: str, message: dict[str, Any]) -> Any:
        type_: Any = self.get_message_type(method)
        if type_ is None:
            return None
        try:
            return self._converter.structure({"params": None, **message, "jsonrpc": "2.0"}, type_)
        except Exception as error:  # noqa: BLE001 - cattrs raises whatever its hooks raise
            _log.info("the params do not fit %s: %s", method, type(error).__name__)
            return None

    def _refuse(self, id_: ClientId | None, code: lsp.ErrorCodes, reason: str) -> None:
        self._send({"id": id_, "error": {"code": code.value, "message": reason}})

    def _progress(self, token: Token | None, value: dict[str, Any] | None) -> None:
        if token is not None and value is not None:
            self.tell(lsp.PROGRESS, {"token": token, "value": value})

    def _send(self, message: dict[str, Any]) -> None:
        # Past pygls, which takes as long for a delta as all the rest together.
        if self.writer is not None:
            self.writer.write(encode({"jsonrpc": self.VERSION, **message}))

    def _may_register(self, group: str, feature: str) -> bool:
        """Whether the client takes a feature by `client/registerCapability`."""
        capability = getattr(getattr(self.client_capabilities, group, None), feature, None)
        return bool(getattr(capability, "dynamic_registration", False))


class Server(LanguageServer):
    """pygls' server, on our protocol and our pipe."""

    protocol: Protocol

    def __init__(self, hooks: Hooks) -> None:
        """Build the server; `connect` gives it its pipe."""
        super().__init__(
            "spark-lsp",
            spark_lsp.__version__,
            protocol_cls=Protocol,
            converter_factory=default_converter,
        )
        self.protocol.hooks = hooks

    def connect(self, pipe: Pipe) -> None:
        """Send to this pipe from now on."""
        self.protocol.set_writer(Framed(pipe.write), include_headers=False)

    def complain(self, sentence: str) -> None:
        """Show a person what is wrong and what to do."""
        self.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Error, sentence))

    async def ask_person(self, question: str, answers: Sequence[str]) -> str | None:
        """Have a person choose one of some answers; None if they choose none."""
        actions = [lsp.MessageActionItem(it) for it in answers]
        asked = lsp.ShowMessageRequestParams(lsp.MessageType.Warning, question, actions)
        chosen: Any = await self.window_show_message_request_async(asked)
        return chosen.get("title") if isinstance(chosen, dict) else None

    def tell(self, method: str, params: Any) -> None:
        """Send a notification."""
        self.protocol.tell(method, params)

    def begin_work(self, token: Token) -> "Future[Any]":
        """Ask the editor to show the progress of something."""
        return self.protocol.create_progress(token)

    def warn(self, sentence: str) -> None:
        """Tell a person what they may want to know."""
        self.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Warning, sentence))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log what went wrong with a message; the person at the keyboard is not told."""
        _log.error("%s: %s", getattr(source, "__name__", source), error)
