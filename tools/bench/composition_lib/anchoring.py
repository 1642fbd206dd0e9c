"""Runs the anchors in a Python that has their libraries, and keeps what they predict."""

import pathlib
import subprocess

from . import measures
from .failure import Failure
from .files import canonical, digest_of, read_json, write_json
from .progress import say
from .reference_python import reference_python

SCRIPTS = pathlib.Path(__file__).parent / "anchors"
# The anchors that each word of `--anchors` asks for.
LEVELS = {"linear": ["linear"], "monolith": ["linear", "monolith"], "bound": ["linear", "monolith", "bound"]}


class Anchors:
    """The reference systems on the same splits."""

    def __init__(self, program, out, splits, epochs, seed):
        self.backbone = program.backbone
        self.folder, self.splits, self.epochs, self.seed = out / "anchors", splits, epochs, seed
        self.sources = [path.read_bytes() for path in sorted(SCRIPTS.glob("*.py"))]
        # (domain, label) of every class, and the number of the class
        self.classes = [(domain.name, label) for domain in splits.domains for label in domain.labels]
        self.class_of = {names: number for number, names in enumerate(self.classes)}

    def run(self, level):
        """The systems of a level, as lines of the comparison."""
        found = []
        for name in LEVELS[level]:
            found += {"linear": self._linear, "monolith": self._monolith, "bound": self._bound}[name]()
        return found

    def _linear(self):
        result = self._result("linear", self._job("linear", self.splits.domains, self.splits.outside))
        joint, direct = result["joint"], result["domains"]
        names = [domain.name for domain in self.splits.domains]
        right_domain = [names[number] == domain for number, (domain, _) in zip(direct["classes"], self._gold())]
        line = measures.system("domain classifier, frozen embeddings", None, right_domain, direct["confidences"],
                               direct["outside"])
        return [self._system("joint linear, frozen embeddings", joint, result), line | {"details": direct["details"]}]

    def _monolith(self):
        job = self._job("finetune", self.splits.domains, self.splits.outside)
        result = self._result("monolith", job)
        return [self._system(f"joint fine-tune, {self.epochs} epochs", result["joint"], result)]

    def _bound(self):
        """Every domain fine-tuned for itself, and asked its own texts alone."""
        right, confidences, seconds = [], [], 0.0
        for domain in self.splits.domains:
            result = self._result(f"bound-{domain.pack}", self._job("finetune", [domain], {}))
            answers, seconds = result["joint"], seconds + result["seconds"]
            gold = [self.class_of[domain.name, label] for _, label in domain.test]
            right += [number == wanted for number, wanted in zip(answers["classes"], gold, strict=True)]
            confidences += answers["confidences"]
        line = measures.system("fine-tune per domain, perfect router", right, confidence=confidences)
        return [line | {"details": {"seconds": seconds, "models": len(self.splits.domains)}}]

    def _gold(self):
        return [(domain.name, label) for domain in self.splits.domains for _, label in domain.test]

    def _system(self, name, answers, result):
        predicted = [self.classes[number] for number in answers["classes"]]
        gold = self._gold()
        line = measures.system(
            name, [got == wanted for got, wanted in zip(predicted, gold, strict=True)],
            [got[0] == wanted[0] for got, wanted in zip(predicted, gold)], answers["confidences"],
            answers["outside"], answers["confidences"])
        return line | {"details": answers["details"] | {key: result[key] for key in ("seconds", "libraries")}}

    def _job(self, kind, domains, outside):
        """What an anchor is given: texts with the numbers of their classes, and the domain of each class."""
        def rows(part):
            return [[text, self.class_of[domain.name, label]] for domain in domains
                    for text, label in getattr(domain, part)]

        names = [domain.name for domain in self.splits.domains]
        return {
            "kind": kind, "domainOfClass": [names.index(domain) for domain, _ in self.classes],
            "classes": sorted({number for _, number in rows("train")}),
            "train": rows("train"), "valid": rows("valid") if all(domain.valid for domain in domains) else [],
            "test": [text for text, _ in rows("test")], "outside": outside, "seed": self.seed,
            **({"epochs": self.epochs} if kind == "finetune" else {}),
        }

    def _result(self, name, job):
        """What the anchor predicted, from an earlier run where job, backbone and scripts are the same."""
        digest = digest_of(canonical(job), self.backbone["digest"].encode(), *self.sources)
        path = self.folder / f"{name}-{digest[:16]}.json"
        if path.exists():
            say(f"anchor {name}: computed before")
            return read_json(path)
        say(f"anchor {name}: {len(job['train'])} training texts, {len(job['test'])} test texts")
        job_file = path.with_suffix(".job")
        write_json(job_file, job)
        command = [reference_python(), SCRIPTS / "run.py", job_file, self.backbone["directory"], path]
        done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise Failure(1, f"the anchor `{name}` ended with {done.returncode}, expected 0",
                          f"what it said stands above; its job is kept in `{job_file}`")
        job_file.unlink()
        return read_json(path)
