"""Decides: the pure heart. No clock, no file, no socket, no randomness, no logging."""
