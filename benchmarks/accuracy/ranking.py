"""What the engine holds for the next token: the one place that looks inside of it.

Everything else asks the engine as the server does, by `learn` and `complete`. Whoever builds
another engine changes this function and nothing more.
"""

from spark_lsp.engine.model import Engine
from spark_lsp.engine.vocabulary import is_newline
from spark_lsp.engine.vote import Ballot


def ranked(engine: Engine, path: str, before: str, after: str) -> list[str]:
    """Return the tokens that may come next, the likeliest first.

    A line feed stands for whatever begins a line. A word in front of the cursor counts as finished.
    """
    scene = engine.scene(path, before, after)
    written, texts = [], scene.vocabulary.texts
    if scene.page.partial:
        written.append(scene.vocabulary.find(scene.page.partial))
    outcome = Ballot(scene).count([*scene.page.context, *written], len(written))
    return ["\n" if is_newline(token) else texts[token] for token in outcome.tokens]
