"""How a subcommand says that it cannot go on."""


class CommandError(Exception):
    """One sentence for the person that says what to do; `status` is the exit status."""

    def __init__(self, sentence: str, status: int = 1) -> None:
        """Take the sentence; status 2 means that the command was called wrongly."""
        super().__init__(sentence)
        self.status = status
