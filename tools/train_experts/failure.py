"""How these tools fail: one sentence, what to do now, and the status of the command line."""

USAGE, BAD_DATA, NOT_FOUND, CONFIGURATION = 64, 65, 66, 78


class Failure(Exception):
    """An end that somebody can act on: what happened, and what to do about it."""

    def __init__(self, status: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.status, self.message, self.hint = status, message, hint

    def __str__(self) -> str:
        return f"error: {self.message}\n\nhint: {self.hint}"
