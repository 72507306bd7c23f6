"""`spark-lsp task`: a background task from the command line."""
