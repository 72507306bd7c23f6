"""Background tasks: an agent in a place of its own, and what of it the editor sees."""
