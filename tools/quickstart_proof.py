"""Compares the answers of `tools/quickstart`: before a pack came, while it was installed, after it went.

    python3 tools/quickstart_proof.py PACK DIR

DIR holds before.jsonl, installed.jsonl, removed.jsonl, and margins.jsonl: the answers with `--pack PACK`.
What an answer says of the store (`generation`, `composition`, `nearest`) is left out; all else is compared
character by character, numbers as they are written. Exits with 1 when something differs that must not.
"""

import hashlib
import json
import pathlib
import sys

ABOUT_THE_STORE = ("generation", "composition", "nearest")


def answers(path):
    lines = [json.loads(line, parse_float=str) for line in path.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        for key in ABOUT_THE_STORE:
            line.pop(key, None)
    return [json.dumps(line, ensure_ascii=False) for line in lines]


def digest(lines):
    return hashlib.sha256("".join(line + "\n" for line in lines).encode()).hexdigest()


def compare(what, left, right):
    (name, before), (other, after) = left, right
    same = before == after
    print(what)
    print(f"    {name:<16} sha256:{digest(before)}")
    print(f"    {other:<16} sha256:{digest(after)}   {'the same' if same else 'DIFFERENT'}")
    if not same:
        for a, b in zip(before, after):
            if a != b:
                print(f"    first difference:\n      {a}\n      {b}")
                break
    return same


def main():
    pack, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    before, installed, removed = (answers(folder / f"{name}.jsonl") for name in ("before", "installed", "removed"))
    margins = [json.loads(line)["route"][0]["margin"]
               for line in (folder / "margins.jsonl").read_text(encoding="utf-8").splitlines()]
    others = [index for index, margin in enumerate(margins) if not margin > 0]
    changed = sum(a != b for a, b in zip(before, installed))
    ok = len(before) == len(installed) == len(removed) == len(margins) and 0 < len(others) < len(margins)
    ok &= compare(f"I1  the {len(others)} of {len(before)} texts on which {pack} is no candidate",
                  (f"before {pack}", [before[i] for i in others]),
                  (f"with {pack}", [installed[i] for i in others]))
    print(f"    ({changed} answers changed while it was installed, all among the other {len(before) - len(others)})")
    ok &= compare(f"I2  all {len(before)} texts", (f"before {pack}", before), (f"after {pack}", removed))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
