"""What was trained is written as the engine reads it."""

import numpy as np

from benchmarks.ranker.__main__ import _spelled
from spark_lsp.engine.ranker import SHAPES, parameters


def test_parameters_are_written_as_a_module_that_the_engine_reads() -> None:
    """Whatever the characters that they are spelled in."""
    lots = np.random.default_rng(3)
    weights = {
        name: lots.standard_normal(shape).astype(np.float32) for name, shape in SHAPES.items()
    }
    module: dict[str, str] = {}
    text = _spelled(weights)
    exec(text, module)
    read = parameters(module["PARAMETERS"])

    assert max(map(len, text.splitlines())) <= 100
    for name, weight in weights.items():
        assert np.allclose(getattr(read, name), weight, atol=1e-2), name
