"""Keys: the only module that knows the keyring library.

Owns where a key comes from: the environment, else the system's keyring. A key is asked for when a
connection is made and kept nowhere else; no log, no error and no argument of a process holds one.
Where it may go is the rule of `endpoint`.

A keyring may ask the person for a password, hang on a bus that does not answer, or fail in any way
at all. It is asked in a thread that nobody waits for at the end, and for so long only.
"""

import asyncio
import contextlib
import os
import re
import threading
from dataclasses import dataclass

from spark_lsp.core.settings import Provider
from spark_lsp.server.endpoint import Endpoint, Unreachable

SERVICE = "spark-lsp"
"""Under which service the keyring has our keys; the user name is that of the variable."""
_LIMIT = 5.0
"""Seconds that a keyring may take. It goes on, and the next attempt may find what it says."""
_SENDABLE = re.compile(r"[!-~]+")
"""What a header can carry."""


@dataclass(frozen=True, slots=True, repr=False)
class _Answer:
    """What a keyring has said; without a repr, because events of asyncio end up in logs.

    Attributes:
        key: what it has, or "".
        failure: the kind of the error that it ended with; its message might say anything.
    """

    key: str = ""
    failure: str = ""


_NO_KEY = 401
"""What a server would answer without a key: it is not asked, nor the keyring, again and again."""

_asked: dict[str, asyncio.Future[_Answer]] = {}
"""What keyrings have been asked and nobody has heard the answer of: never more than once each."""


async def endpoint(provider: Provider, *, patience: float = _LIMIT) -> Endpoint:
    """Return where a provider listens, with its key.

    Raises:
        Unreachable: if there is no key, or none that could be sent.
    """
    key = await _key(provider.env_key, patience) if provider.env_key else ""
    return Endpoint(
        provider.base_url,
        key,
        provider.http_headers,
        provider.query_params,
        provider.websocket_connect_timeout_ms / 1000,
    )


def in_environment(provider: Provider) -> bool:
    """Whether the environment holds the provider's key."""
    return bool(os.environ.get(provider.env_key, "").strip())


async def _key(name: str, patience: float) -> str:
    # What a shell reads from a file often ends with a line end, which no header may have.
    key = os.environ.get(name, "").strip()
    if not key:
        key = (await _kept(name, patience)).strip()
    if not _SENDABLE.fullmatch(key):
        raise Unreachable(f"the key in {name} is no key: it holds blanks or signs of other scripts")
    return key


async def _kept(name: str, patience: float) -> str:
    """Return what the keyring has.

    Raises:
        Unreachable: if it has none, or does not say.
    """
    loop = asyncio.get_running_loop()
    asked = _asked.get(name)
    if asked is None or asked.get_loop() is not loop:
        asked = _asked[name] = loop.create_future()
        # Not a thread of the pool: the end of the loop would wait for it.
        work = threading.Thread(target=_ask, args=(name, asked), name="keyring", daemon=True)
        work.start()
    try:
        async with asyncio.timeout(patience):
            answer = await asyncio.shield(asked)
    except TimeoutError:
        fix = f"unlock it, or set the environment variable {name}"
        raise Unreachable(f"the system keyring does not answer: {fix}", _NO_KEY) from None
    _asked.pop(name, None)
    if answer.key:
        return answer.key
    missing = f"the key is missing: set the environment variable {name}"
    if answer.failure == "NoKeyringError":
        raise Unreachable(f"{missing}; this system has no keyring", _NO_KEY)
    if answer.failure:
        failed = f"the system keyring has failed ({answer.failure})"
        raise Unreachable(f"{missing}; {failed}", _NO_KEY)
    fix = f"or store it with `keyring set {SERVICE} {name}`"
    raise Unreachable(f"{missing}, {fix}", _NO_KEY)


def _ask(name: str, asked: asyncio.Future[_Answer]) -> None:
    """Ask the keyring, in a thread."""
    try:
        import keyring  # noqa: PLC0415 - a quarter of a second, and most keys are in variables

        found = keyring.get_password(SERVICE, name)
        answer = _Answer(found if isinstance(found, str) else "")
    except BaseException as error:  # noqa: BLE001 - of a thread nobody would hear it
        answer = _Answer(failure=type(error).__name__)
    with contextlib.suppress(RuntimeError):  # the loop has ended first
        asked.get_loop().call_soon_threadsafe(_tell, asked, answer)


def _tell(asked: asyncio.Future[_Answer], answer: _Answer) -> None:
    if not asked.done():
        asked.set_result(answer)
