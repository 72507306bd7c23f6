"""`spark-lsp eval`: how much of a repository's own code is completed as it was written."""
