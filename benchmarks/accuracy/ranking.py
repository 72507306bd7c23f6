"""What the engine holds for the next token: the one place that looks inside of it.

Everything else asks the engine as the server does, by `learn` and `complete`. Whoever builds
another engine changes this function and nothing more.
"""

from spark_lsp.engine.model import Engine
from spark_lsp.engine.page import Source
from spark_lsp.engine.vocabulary import is_newline
from spark_lsp.engine.vote import DEPTH, Ballot


def ranked(engine: Engine, path: str, before: str, after: str) -> list[str]:
    """Return the tokens that may come next, the likeliest first.

    A line feed stands for whatever begins a line. A word in front of the cursor counts as finished.
    """
    weights, vocabulary = engine._weights, engine._vocabulary  # noqa: SLF001  # see above
    sources = Source(before, weights.prefix), Source(after, weights.suffix)
    page = engine._reader.read(*sources, [], DEPTH)  # noqa: SLF001
    ballot = Ballot(page, engine._voices(path), vocabulary, weights)  # noqa: SLF001
    context = list(page.context)
    if page.partial:
        context.append(vocabulary.find(page.partial))
    totals = ballot.count(context)
    order = sorted(totals, key=totals.__getitem__, reverse=True)
    return ["\n" if is_newline(token) else vocabulary.texts[token] for token in order]
