"""Where a provider listens, and whether what is secret may go there.

Owns addresses and the rule for keys: what opens a door goes encrypted, or stays on this machine.
How a connection is made is left to `websocket` and `http`, where keys come from to `credentials`.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlencode, urlsplit

_SECRET = re.compile(r"auth|cookie|credential|key|passw|secret|signature|token", re.IGNORECASE)
"""What the names of headers and parameters say that hold something secret."""
_SCHEME = re.compile(r"\s*(?:basic|bearer|digest|token)\s", re.IGNORECASE)
"""How the values of headers begin that open a door, whatever the header's name."""
_PLACE = re.compile(r"(?:[!-~]*@)?(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::[0-9]+)?")
"""Hosts that all libraries read in the same way: what one takes for its end, another might not."""

_SHORTEST = 4
"""Characters of a value that might be secret; without shorter ones no sentence could be told."""
_NO_ADDRESS = "base_url is no address: write one such as wss://api.example.com/v1"


@dataclass(frozen=True, slots=True, repr=False)
class Endpoint:
    """Where a provider listens, and what opens the door.

    Attributes:
        url: the root, "ws://…/v1" or "wss://…/v1"; "http" schemes mean the same.
        key: the bearer token, or "".
        headers: further headers.
        query: parameters of the URL.
        timeout: seconds that a handshake may take.
        keepalive: seconds between pings, and how long an answer to one may take.
    """

    url: str
    key: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 3.0
    keepalive: float = 20.0

    def __repr__(self) -> str:
        """Tell where it is, and nothing that opens the door."""
        return f"Endpoint({self.told!r})"

    @property
    def secure(self) -> bool:
        """Whether what goes there is encrypted."""
        return urlsplit(self.url).scheme in {"wss", "https"}

    @property
    def loopback(self) -> bool:
        """Whether it is on this machine."""
        return is_loopback(urlsplit(self.url).hostname or "")

    @property
    def told(self) -> str:
        """The address as people are told it: without what may be a password."""
        return re.sub(r"//[^/?#]*@", "//", self.url).partition("?")[0]

    def veiled(self, text: str) -> str:
        """Return a text of somebody else's without what opens the door, should it repeat that."""
        parts = urlsplit(self.url)
        given = (value for pair in parts.query.split("&") for value in pair.split("=")[1:])
        values = (*self.headers.values(), *self.query.values(), *given)
        for secret in (self.key, parts.password or "", *values):
            if len(secret) >= _SHORTEST:
                text = text.replace(secret, "…")
        return text

    def address(self, kind: str, path: str) -> str:
        """Return the whole URL of a path below the root; `kind` is "ws" or "http".

        Raises:
            Unreachable: if a secret would travel there unencrypted, over a network, or if it is no
                address.
        """
        try:
            parts = urlsplit(self.url)
        except ValueError:
            raise Unreachable(_NO_ADDRESS) from None
        if "\\" in parts.netloc or not _PLACE.fullmatch(parts.netloc):
            raise Unreachable(_NO_ADDRESS)
        if self._holds_secret(parts) and not self.secure and not self.loopback:
            safe = "wss:// or https://"
            raise Unreachable(f"{self.told} is not encrypted: a key is only sent over {safe}")
        query = "&".join(filter(None, (parts.query, urlencode(self.query))))
        scheme = kind + "s" * self.secure
        url = f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}{path}"
        return f"{url}?{query}" if query else url

    def _holds_secret(self, parts: SplitResult) -> bool:
        """Whether anything that goes there may open a door."""
        named = [*self.headers, *self.query, *re.findall(r"[^&=]+(?==)", parts.query)]
        return bool(
            self.key
            or parts.username
            or parts.password
            or any(map(_SECRET.search, named))
            or any(map(_SCHEME.match, self.headers.values()))
        )


class Unreachable(Exception):  # noqa: N818 - a state of the world, not a defect
    """There is no connection; the message is one sentence for people.

    Attributes:
        status: the HTTP status that refused it, or None.
        retry_after: seconds that the server asks to wait, or None.
    """

    def __init__(
        self, message: str, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine, without asking any resolver."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
