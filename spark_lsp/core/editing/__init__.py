"""Edits of what stands there: a range rewritten as told, and edits that follow from others."""
