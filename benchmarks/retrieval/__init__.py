"""How well retrieval finds what a line needs; `python -m benchmarks.retrieval` tells."""
