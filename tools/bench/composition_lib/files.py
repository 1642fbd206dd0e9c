"""Small things about files: JSON that appears whole or not at all, JSON Lines, digests."""

import hashlib
import json
import os


def digest_of(*parts):
    """The SHA-256 of byte strings, each preceded by its length."""
    total = hashlib.sha256()
    for part in parts:
        total.update(f"{len(part)} ".encode() + part)
    return total.hexdigest()


def digest_of_file(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical(value):
    """JSON of one spelling, as bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def write_text(path, text):
    """Writes beside the name, which the file takes when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def write_json(path, value):
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def write_lines(path, values):
    """JSON Lines."""
    write_text(path, "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values))
