"""Predicts: the embedded offline model, pure and deterministic."""
