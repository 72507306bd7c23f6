"""Traces: what has happened to a session, without secrets, so that it can be played once more."""
