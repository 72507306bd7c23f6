"""`python -m benchmarks.ranker`: trains the ranker anew, or measures what each of its parts adds.

Owns the command. It fits parameters to the training set of `benchmarks/distributions.csv`, scores
them on the evaluation set, and writes them to `spark_lsp/engine/trained.py`.
"""

import multiprocessing
from argparse import ArgumentParser
from base64 import b85encode
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.distributions import CACHE, Distribution, distributions, named, obtain
from benchmarks.ranker.lessons import Lessons, lessons
from benchmarks.ranker.training import Array, scored, trained, without
from spark_lsp.engine import ranker
from spark_lsp.engine.features import FAMILIES

_WRITTEN: Final = Path(ranker.__file__).with_name("trained.py")
_USES: Final[Mapping[str, tuple[str, ...]]] = {
    "aiohttp": ("attrs",),
    "black": ("click",),
    "celery": ("click",),
    "flask": ("werkzeug", "jinja2", "click"),
    "golang-github-gin-gonic-gin-dev": ("golang-golang-x-net-dev",),
    "golang-github-labstack-echo-dev": ("golang-golang-x-net-dev",),
    "golang-google-grpc-dev": ("golang-golang-x-net-dev",),
    "librust-bstr-dev": ("librust-regex-dev",),
    "librust-hyper-dev": ("librust-h2-dev",),
    "librust-ureq-dev": ("librust-rustls-dev",),
    "luigi": ("tornado",),
    "pytest": ("attrs",),
    "requests": ("urllib3",),
    "scrapy": ("twisted",),
    "sphinx": ("jinja2", "requests"),
}
"""Which of the distributions others depend on, for what is learned as foreign."""
_HEAD: Final = (
    '"""The parameters of the ranker, as `python -m benchmarks.ranker` writes them."""\n\n'
    "from typing import Final\n\nPARAMETERS: Final = (\n"
)


def main() -> None:
    """Train, and write what came of it; or train without each family of features."""
    parser = ArgumentParser("python -m benchmarks.ranker", description=__doc__)
    parser.add_argument("--cache", type=Path, default=CACHE, help="where archives are kept")
    parser.add_argument("--places", type=int, default=1600, help="in each distribution")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--ablate", action="store_true", help="write nothing, leave parts out")
    asked = parser.parse_args()
    console = Console()
    with console.status("learning the distributions …"):
        lesson = _lessons("training", asked.cache, asked.places)
        exam = _lessons("evaluation", asked.cache, max(1, asked.places // 8))
    console.print(f"{lesson.came.size:,} tokens to learn from, {exam.came.size:,} to score by")
    if asked.ablate:
        console.print(_ablated(lesson, exam, asked.epochs, console))
        return
    for number, weights in enumerate(trained(lesson, asked.epochs), 1):
        console.print(f"{number}: {_told(scored(weights, exam)._asdict())}")
        _WRITTEN.write_text(_spelled(weights), encoding="utf-8")


def _lessons(set_: str, cache: Path, places: int) -> Lessons:
    with multiprocessing.Pool() as pool:
        work = partial(_of, cache=cache, places=places)
        return Lessons.together(pool.map(work, distributions(set_), chunksize=1))


def _of(distribution: Distribution, cache: Path, places: int) -> Lessons:
    libraries = [obtain(named(name), cache) for name in _USES.get(distribution.name, ())]
    return lessons(obtain(distribution, cache), libraries, places)


def _ablated(lesson: Lessons, exam: Lessons, epochs: int, console: Console) -> Table:
    """Return a table of how much worse it is without each family of features."""
    table = Table("without", "loss", "reciprocal rank", "first")
    for name, columns in {"": slice(0, 0), **FAMILIES}.items():
        with console.status(f"training without {name or 'nothing'} …"):
            *_, weights = trained(without(lesson, columns), epochs)
            score = scored(weights, without(exam, columns))
        table.add_row(name or "nothing", *(f"{it:.4f}" for it in score[:3]))
    return table


def _told(figures: Mapping[str, float]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {it:.4f}" for name, it in figures.items())


def _spelled(weights: Mapping[str, Array]) -> str:
    """Return the module that holds the parameters; see `ranker.parameters`."""
    numbers = np.concatenate([weights[name].ravel() for name in ranker.SHAPES])
    text = b85encode(numbers.astype("<f2").tobytes()).decode()
    return _HEAD + "".join(f'    "{line}"\n' for line in wrap(text, 88)) + ")\n"


if __name__ == "__main__":
    main()
