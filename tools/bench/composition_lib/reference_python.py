"""The Python that the anchors run in: the one that is named, or one of a virtual environment made for them."""

import functools
import os
import pathlib
import subprocess
import sys
import venv

from .failure import CONFIGURATION, Failure
from .progress import say

REQUIREMENTS = ["torch==2.15.0", "transformers==5.23.0", "scikit-learn==1.9.1"]
IMPORTS = "import numpy, sklearn, tokenizers, torch, transformers"


@functools.cache
def reference_python():
    """The path of a Python that has the anchors' libraries."""
    named = os.environ.get("MOEPACK_REFERENCE_PYTHON")
    if named:
        if not _has_libraries(named):
            raise Failure(CONFIGURATION, f"`{named}` cannot `{IMPORTS}`, expected a Python that can",
                          "unset MOEPACK_REFERENCE_PYTHON to have a virtual environment made")
        return named
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    folder = cache / "moe-pack/composition"
    python = str(folder / "bin/python")
    if not _has_libraries(python):
        _make(folder, python)
    return python


def _make(folder, python):
    say(f"making a virtual environment with {', '.join(REQUIREMENTS)} in {folder}")
    try:
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *REQUIREMENTS],
                       stdout=sys.stderr, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failure(CONFIGURATION, f"no virtual environment could be made in `{folder}`: {error}",
                      "check python3-venv and the network or package mirror, or name a Python that has "
                      f"{', '.join(REQUIREMENTS)} in MOEPACK_REFERENCE_PYTHON; the packs are kept") from None


def _has_libraries(python):
    try:
        return subprocess.run([python, "-c", IMPORTS], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
