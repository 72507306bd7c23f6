"""Inline completions: when a model is asked, which answer is shown, and how long it is right."""
