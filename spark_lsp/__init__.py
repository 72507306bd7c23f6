"""spark-lsp: a language server for realtime completion."""

__version__ = "0.1.0"
