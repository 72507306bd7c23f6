"""Where else a change fits, found by syntax and without a model.

Pure: texts before and after in, places out. Runs in the librarian, beside the loop. A change is
taken for a rename (`rename`, `renaming`), a new signature (`signature`), or a replacement that fits
elsewhere too (`repeat`). What a name means is told by `names`, from the rows of `naming`.
"""

from spark_lsp.core.foresight.answer import foresee
from spark_lsp.core.foresight.workspace import Workspace

__all__ = ["Workspace", "foresee"]
