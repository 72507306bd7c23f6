"""How good the embedded engine is, in many languages; `python -m benchmarks.accuracy` tells."""
