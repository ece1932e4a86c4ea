"""What ends a command: sentences for the person who gave it, and the exit code."""

__all__ = ["DEPENDENCY_AWAY", "NO", "WRONG_USE", "CommandFault"]

NO = 1
WRONG_USE = 2
DEPENDENCY_AWAY = 3


class CommandFault(Exception):
    """A command cannot go on; each sentence says what is wrong and what to do about it."""

    def __init__(self, *sentences: str, exit_code: int = WRONG_USE) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences
        self.exit_code = exit_code
