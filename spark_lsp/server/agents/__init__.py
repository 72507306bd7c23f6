"""Agents that do background tasks: programs of others, each in a process of its own."""
