"""`python -m spark_lsp` is the `spark-lsp` command."""

from spark_lsp.cli.main import main

if __name__ == "__main__":
    main()
