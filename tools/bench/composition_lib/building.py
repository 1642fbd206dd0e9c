"""Pack sources from splits, and packs from sources; what was built before from the same bytes is not built again."""

import json
import shutil

from .files import digest_of, digest_of_file, read_json, write_json, write_lines, write_text
from .progress import say

NAMESPACE, TASK, EVAL = "bench", "label", "held-out"


def pack_name(domain):
    return f"{NAMESPACE}/{domain.pack}"


def write_source(folder, domain, backbone, seed, experts=None):
    """The pack source of one domain, from that domain's texts alone.

    `experts` is what pack.yaml says of them; the program chooses where it is `None`.
    """
    shutil.rmtree(folder, ignore_errors=True)
    valid = {"valid": "data/valid.jsonl"} if domain.valid else {}
    fields = {
        "pack": pack_name(domain), "version": "1.0.0", "release": 1,
        "summary": f"The domain {domain.pack} of a composition benchmark",
        "about": {"languages": ["en"], "asOf": "2026-01-01"},
        "license": "as the data it was made from", "backbone": backbone,
        "tasks": {TASK: {"kind": "classify", "train": "data/train.jsonl", **valid}},
        "evals": {EVAL: {"task": TASK, "data": "evals/held-out.jsonl", "metric": "accuracy", "floor": 0}},
        **({"experts": experts} if experts else {}), "seed": seed,
    }
    # Every value in the flow style of YAML, which JSON is.
    write_text(folder / "pack.yaml", "".join(f"{key}: {json.dumps(value)}\n" for key, value in fields.items()))
    write_text(folder / "CARD.md", f"{len(domain.train)} training texts of one domain, for a benchmark only.\n")
    write_text(folder / "LICENSE", "As the data it was made from.\n")
    for name, rows in (("data/train", domain.train), ("data/valid", domain.valid), ("evals/held-out", domain.held_out)):
        if rows:
            lines = ({"text": text, "label": domain.labels[label]} for text, label in rows)
            write_lines(folder / f"{name}.jsonl", lines)


def source_digest(folder):
    """Over the names and bytes of all files."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return digest_of(*(part for path in files
                       for part in (str(path.relative_to(folder)).encode(), path.read_bytes())))


class Builder:
    """Builds packs with one key into one directory of packs, named by what they were made from."""

    def __init__(self, program, out):
        self.program, self.folder, self.key = program, out / "packs", out / "keys/vendor.key"
        if not self.key.exists():
            self.key.parent.mkdir(parents=True, exist_ok=True)
            program.run("key", "new", "--output", self.key)
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def public_key(self):
        return self.key.with_name(self.key.name + ".pub")

    def build(self, source, name, place, flags=("--allow-near-duplicates",)):
        """The record of a pack: archive, sha256, bytes, seconds, and what `pack build --json` said.

        `place` is what progress calls it, such as "3 of 18"; `flags` are more of `pack build`'s.
        """
        backbone = self.program.backbone
        made_from = digest_of(source_digest(source).encode(), self.program.digest.encode(),
                              self.public_key.read_bytes(), backbone["digest"].encode(), backbone["profile"].encode())
        archive = self.folder / f"{name}-{made_from[:16]}.moepack"
        record_file = archive.with_suffix(".json")
        if record_file.exists() and archive.exists():
            record = read_json(record_file)
            if record["madeFrom"] == made_from and record["sha256"] == digest_of_file(archive):
                say(f"pack {name}, {place}: built before in {record['seconds']:.1f} s")
                return record | {"archive": archive}
        built, seconds = self.program.timed("pack", "build", source, "--output", archive, "--key", self.key,
                                            *flags, "--json")
        record = {"madeFrom": made_from, "sha256": digest_of_file(archive), "bytes": archive.stat().st_size,
                  "seconds": seconds, "built": built}
        write_json(record_file, record)
        say(f"pack {name}, {place}: built in {seconds:.1f} s, {record['bytes']} bytes")
        return record | {"archive": archive}

    def build_all(self, splits, sources, seed, experts=None):
        """The record of every domain's pack, in the order of the domains."""
        records = []
        for number, domain in enumerate(splits.domains, 1):
            source = sources / domain.pack
            write_source(source, domain, self.program.backbone["name"], seed, experts)
            records.append(self.build(source, domain.pack, f"{number} of {len(splits.domains)}"))
        return records
