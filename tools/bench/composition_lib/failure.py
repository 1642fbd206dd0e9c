"""How the benchmark fails: one sentence, what to do now, and the status of the command line (SPEC 19.3)."""

USAGE, BAD_DATA, NOT_FOUND, INPUT_OUTPUT, CONFIGURATION = 64, 65, 66, 74, 78


class Failure(Exception):
    """An end that somebody can act on: what happened, and what to do about it."""

    def __init__(self, status, message, hint):
        super().__init__(message)
        self.status, self.message, self.hint = status, message, hint

    def __str__(self):
        return f"error: {self.message}\n\nhint: {self.hint}"
