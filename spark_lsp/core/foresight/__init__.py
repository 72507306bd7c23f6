"""Where else a change fits, found by syntax and without a model.

Pure: texts before and after in, places out. Runs in the librarian, beside the loop.
"""
