"""A small repository as a library, without files."""

from spark_lsp.core.library import Library, speaks
from spark_lsp.core.packing import Packer
from spark_lsp.core.records import Record, record
from spark_lsp.core.retrieval import Place
from spark_lsp.core.secrets import redact


class Repository:
    """Files by their paths, known to a library."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files
        self.library = Library()
        self.packer = Packer(self.library, lambda path: redact(files[path]))
        for path, text in files.items():
            self.library.put(path, made if isinstance(made := record(path, text), Record) else None)
            if speaks(path):
                self.library.put_text(path, text)

    def place(self, path: str, source: str, recent: tuple[str, ...] = ()) -> Place:
        """Open a text, with <CURSOR> where the cursor is, as a buffer of a path."""
        before, _, after = source.partition("<CURSOR>")
        self.library.learn(path, before + after)
        return Place(path, redact(before + after), len(before), recent)
