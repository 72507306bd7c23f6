"""The embedded engine as a child process of the server.

Owns that process: started when it is needed, started again when it has died or is mute, gone
when the server is gone. The child's standard input is a pipe that only this process holds, so it
closes even when the server is killed, and the child ends by itself. Its token comes over its
standard output: it stands in no argument, no environment and no file.
"""

import asyncio
import contextlib
import sys
from pathlib import Path

import msgspec

from spark_lsp.server.endpoint import Endpoint, Unreachable

_DYING = 0.05
"""Seconds in which a child that has closed its connection may turn out to have died."""
_START_LIMIT = 15.0
"""Seconds until a child that has not said where it listens is given up."""
_KEEPALIVE = 2.0
"""Seconds in which a child must answer a ping; there is no network that could be slow."""


class _Ready(msgspec.Struct):
    url: str
    token: str


class Child:
    """A `spark-lsp backend` process."""

    def __init__(self, workspace: Path | None) -> None:
        """Take the directory that the engine learns from."""
        self._workspace = workspace
        self._process: asyncio.subprocess.Process | None = None
        self._endpoint: Endpoint | None = None

    async def endpoint(self) -> Endpoint:
        """Return where the running child listens; starts one if there is none.

        Raises:
            Unreachable: if it does not start.
        """
        if self._process and self._endpoint:
            # Asked again: the connection was lost, and most likely because the child is dying.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_DYING):
                    await self._process.wait()
            if self._process.returncode is None:
                return self._endpoint
        await self.close()
        # -P: an editor starts us in the repository, which must not shadow what is imported.
        command = [sys.executable, "-P", "-m", "spark_lsp", "backend", "--port", "0"]
        if self._workspace is not None:
            command += ["--workspace", str(self._workspace)]
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                # Ctrl-C in a terminal is for the server, which then ends the child.
                start_new_session=True,
            )
            assert self._process.stdout is not None
            async with asyncio.timeout(_START_LIMIT):
                line = await self._process.stdout.readline()
            ready = msgspec.json.decode(line, type=_Ready)
        except (OSError, TimeoutError, msgspec.DecodeError) as error:
            await self.close()
            raise Unreachable(f"the embedded engine did not start ({error})") from None
        self._endpoint = Endpoint(ready.url, ready.token, keepalive=_KEEPALIVE)
        return self._endpoint

    async def replace(self) -> None:
        """Kill the child, since it does not answer; the next call of `endpoint` starts another."""
        await self.close(patience=0.0)

    async def close(self, patience: float = 1.0) -> None:
        """End the child; it is gone when this returns.

        It has so many seconds to end by itself.
        """
        process, self._process, self._endpoint = self._process, None, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        if patience:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await process.wait()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
