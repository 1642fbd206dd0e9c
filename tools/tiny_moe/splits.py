"""Texts of at most a few hundred bytes, split by document, the same each time."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from . import sources
from .debian import Packages

MOST_BYTES, LEAST_BYTES = 400, 60
PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class Domain:
    """A kind of text: where its documents come from, and how many bytes of each source to keep for training."""

    name: str
    sources: tuple[tuple[Callable[[Packages], Iterator[sources.Document]], int], ...]


BASE = Domain("base", ((sources.wordnet, 2_000_000), (sources.licenses, 300_000), (sources.english_manuals, 3_000_000)))
PACKS = (
    Domain("german", ((sources.german_manuals, 1_000_000),)),
    Domain("python", ((sources.python_code, 1_000_000),)),
    Domain("hardware", ((sources.hardware, 1_000_000),)),
)


def pieces(text: str) -> Iterator[str]:
    """The text cut at ends of lines into pieces of at most MOST_BYTES; a longer line is cut where it has to be."""
    piece, size = [], 0
    for line in _short_lines(text):
        length = len(line.encode()) + 1
        if size + length > MOST_BYTES and piece:
            yield "\n".join(piece)
            piece, size = [], 0
        piece.append(line)
        size += length
    if piece:
        yield "\n".join(piece)


def _short_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        while len(line.encode()) >= MOST_BYTES:
            # 99 characters are at most 396 bytes.
            cut = line.rfind(" ", 1, 99)
            cut = cut if cut > 0 else 99
            yield line[:cut]
            line = line[cut:].lstrip(" ")
        yield line


def split(domain: Domain, packages: Packages) -> dict[str, list[str]]:
    """Shuffled texts by part: of twenty documents one goes to test, one to valid, and the rest to train."""
    found: dict[str, list[str]] = {part: [] for part in PARTS}
    for source, train_bytes in domain.sources:
        by_part: dict[str, list[str]] = {part: [] for part in PARTS}
        for name, text in source(packages):
            number = zlib.crc32(name.encode()) % 20
            part = {0: "test", 1: "valid"}.get(number, "train")
            by_part[part] += [piece for piece in pieces(text) if len(piece.encode()) >= LEAST_BYTES]
        # A header that many files share may stand in several documents: what is tested is not trained on.
        seen: set[str] = set()
        for part, most in (("test", 80_000), ("valid", 20_000), ("train", train_bytes)):
            texts = sorted(set(by_part[part]) - seen)
            seen.update(texts)
            random.Random(f"{domain.name}/{part}").shuffle(texts)
            found[part] += list(_at_most(texts, min(most, train_bytes)))
    for part in PARTS:
        random.Random(f"{domain.name}/{part}/all").shuffle(found[part])
    return found


def _at_most(texts: Iterable[str], byte_count: int) -> Iterator[str]:
    for text in texts:
        byte_count -= len(text.encode())
        if byte_count < 0:
            return
        yield text


def write(domain: Domain, packages: Packages, out: Path) -> None:
    """Writes train.jsonl, valid.jsonl and test.jsonl."""
    out.mkdir(parents=True, exist_ok=True)
    for part, texts in split(domain, packages).items():
        lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
        (out / f"{part}.jsonl").write_text(lines, encoding="utf-8")
