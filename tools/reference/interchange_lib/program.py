"""The program under test."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class Program:
    """`moe-pack` with a home of its own."""

    def __init__(self, path: str, home: Path) -> None:
        self.path = path
        self.environment = os.environ | {"XDG_DATA_HOME": str(home)}

    def run(self, *arguments: object) -> str:
        """What it prints; raises where it fails."""
        done = subprocess.run([self.path, *map(str, arguments)], env=self.environment, capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise ValueError(f"moe-pack {' '.join(map(str, arguments))}: exit code {done.returncode}\n{done.stderr}")
        return done.stdout

    def fails(self, *arguments: object) -> str:
        """What it says on stderr; raises where it does not fail."""
        done = subprocess.run([self.path, *map(str, arguments)], env=self.environment, capture_output=True, text=True,
                              check=False)
        if done.returncode == 0:
            raise ValueError(f"moe-pack {' '.join(map(str, arguments))}: expected a refusal")
        return done.stderr
