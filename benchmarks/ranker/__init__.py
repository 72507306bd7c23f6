"""Trains the engine's ranker on pinned distributions, and measures what each of its parts adds."""
