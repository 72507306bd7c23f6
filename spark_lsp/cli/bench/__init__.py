"""`spark-lsp bench`: the budgets of the design, each beside a baseline from the same run.

One module per subject; `command` calls them. What they measure with stands below them.
"""
