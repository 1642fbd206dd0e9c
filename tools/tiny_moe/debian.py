"""Files of Debian packages, installed or not."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from train_experts.failure import CONFIGURATION, Failure


class Packages:
    """Finds the files of packages; one that is not installed is downloaded and unpacked in a folder, not installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def files(self, package: str) -> list[Path]:
        """Every regular file of the package, sorted."""
        listed = subprocess.run(["dpkg-query", "--listfiles", package], capture_output=True, text=True, check=False)
        found = [Path(line) for line in listed.stdout.splitlines() if line.startswith("/")]
        # Slim images leave manual pages out of what is "installed".
        if listed.returncode == 0 and all(path.exists() for path in found):
            return _regular(found)
        return self._unpacked(package)

    def dependency(self, package: str, beginning: str) -> str:
        """The first package that this one depends on and whose name begins so."""
        listed = self._run(["apt-cache", "depends", package])
        for line in listed.splitlines():
            name = line.removeprefix("  Depends: ")
            if name != line and name.startswith(beginning):
                return name
        raise Failure(CONFIGURATION, f"`{package}` depends on no `{beginning}…`", "run `apt-get update`")

    def _unpacked(self, package: str) -> list[Path]:
        root = self.folder / package
        if not root.exists():
            self._run(["apt-get", "download", "-qq", package])
            for archive in self.folder.glob(f"{package}_*.deb"):
                self._run(["dpkg-deb", "--extract", str(archive.resolve()), str(root.resolve())])
                archive.unlink()
        return _regular(root.rglob("*"))

    def _run(self, command: list[str]) -> str:
        try:
            done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", "") or str(error)
            raise Failure(CONFIGURATION, f"`{' '.join(command)}` failed: {said.strip()}",
                          "run `apt-get update`, check the package mirror, or install the package yourself") from None
        return done.stdout


def _regular(paths: Iterable[Path]) -> list[Path]:
    return sorted(path for path in paths if path.is_file() and not path.is_symlink())
