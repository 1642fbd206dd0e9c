"""Progress goes to standard error."""

import sys


def say(text):
    print(text, file=sys.stderr, flush=True)
