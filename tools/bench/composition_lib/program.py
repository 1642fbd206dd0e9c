"""Runs moe-pack, and says what it said when it fails."""

import json
import os
import pathlib
import subprocess
import time

from .failure import CONFIGURATION, INPUT_OUTPUT, NOT_FOUND, Failure
from .files import digest_of_file, write_lines

REGRESSION = 10


class Refused(Exception):
    """The regression suite said no; the reason is its sentence."""


class Program:
    """The moe-pack of this run, and the one backbone that it trains on."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        if not os.access(self.path, os.X_OK) or self.path.is_dir():
            raise Failure(NOT_FOUND, f"there is no program `{self.path}`",
                          "`swift build -c release --product moe-pack` makes it, or name one in MOEPACK")
        self.digest = digest_of_file(self.path)
        self.version = self.run("--version").strip()
        self.backbone = self._backbone()

    def _backbone(self):
        """What `backbone info` says of the first backbone that is registered and has a profile."""
        for known in self.json("backbone", "list", "--json")["backbones"]:
            if known["registered"] and known["profile"]:
                return self.json("backbone", "info", known["name"], "--json")
        raise Failure(CONFIGURATION, "no backbone is registered with a profile, expected one",
                      "run `tools/backbone`, or name the data directory that has one in XDG_DATA_HOME")

    def run(self, *arguments):
        """Standard output, when it ends well."""
        command = [str(self.path), *map(str, arguments)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        said = done.stderr.decode(errors="replace").strip()
        if done.returncode == REGRESSION and arguments[0] == "install":
            raise Refused(said.partition("\n")[0].removeprefix("error: "))
        if done.returncode:
            raise Failure(done.returncode if done.returncode > 0 else 1,
                          f"`{' '.join(command)}` ended with {done.returncode}, expected 0",
                          f"what was finished before is kept in the output directory; it said:\n{said}")
        return done.stdout.decode()

    def json(self, *arguments):
        return json.loads(self.run(*arguments))

    def timed(self, *arguments):
        """The JSON it printed, and its seconds from start to end."""
        begun = time.monotonic()
        printed = self.json(*arguments)
        return printed, time.monotonic() - begun

    def predict(self, store, texts, work, *arguments):
        """One answer for each text, in order, and the seconds it took."""
        if not texts:
            return [], 0.0
        requests, answers = work / "requests.jsonl", work / "answers.jsonl"
        write_lines(requests, ({"id": number, "text": text} for number, text in enumerate(texts)))
        begun = time.monotonic()
        self.run("predict", "--input", requests, "--output", answers, "--store", store, *arguments)
        seconds = time.monotonic() - begun
        found = [Answer(json.loads(line)) for line in answers.read_text(encoding="utf-8").splitlines()]
        if [answer.id for answer in found] != list(range(len(texts))):
            raise Failure(INPUT_OUTPUT, f"`predict` gave {len(found)} answers, expected {len(texts)} in order",
                          f"see `{requests}` and `{answers}`")
        return found, seconds


class Answer:
    """What the measures need of one line of `predict` (SPEC 19.5)."""

    __slots__ = ("id", "margins", "weights", "pack", "label", "probability", "nearest", "margin")

    def __init__(self, line):
        self.id = line["id"]
        self.margins = {route["pack"]: route["margin"] for route in line["route"]}
        self.weights = {route["pack"]: route["weight"] for route in line["route"]}
        best = line["predictions"][0] if line["predictions"] else {}
        self.pack, self.label, self.probability = best.get("pack"), best.get("label"), best.get("probability")
        nearest = line.get("nearest", {})
        self.nearest, self.margin = nearest.get("pack"), nearest.get("margin", float("-inf"))

    def margin_of(self, pack):
        """The margin of a selected pack; below every number where it is not."""
        return self.margins.get(pack, float("-inf"))

    @property
    def confidence(self):
        """What its best prediction is ranked by: probability × weight."""
        return self.probability * self.weights[self.pack]
