"""Spells: backend protocols without I/O."""
