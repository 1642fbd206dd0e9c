"""Documents of each kind of text, as (name, text)."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

from .debian import Packages

Document = tuple[str, str]
LICENSES = Path("/usr/share/common-licenses")


def wordnet(packages: Packages) -> Iterator[Document]:
    """Glosses and example sentences of WordNet, 40 to a document."""
    for path in packages.files("wordnet-base"):
        if not path.name.startswith("data."):
            continue
        lines = path.read_text(encoding="latin-1").splitlines()
        glosses = [line.partition("| ")[2].strip() for line in lines if not line.startswith("  ")]
        for start in range(0, len(glosses), 40):
            yield f"{path.name}/{start}", "\n".join(glosses[start:start + 40])


def licenses(_packages: Packages) -> Iterator[Document]:
    """The licences every Debian machine has."""
    for path in sorted(LICENSES.iterdir()):
        if not path.is_symlink():
            yield path.name, path.read_text(encoding="utf-8", errors="replace")


def english_manuals(packages: Packages) -> Iterator[Document]:
    """Manual pages of Linux and of the C library."""
    for package in ("manpages", "manpages-dev"):
        yield from _manuals(packages, package)


def german_manuals(packages: Packages) -> Iterator[Document]:
    """Manual pages in German."""
    yield from _manuals(packages, "manpages-de")


def python_code(packages: Packages) -> Iterator[Document]:
    """Source code of Python's standard library."""
    library = packages.dependency("libpython3-stdlib", "libpython3.")
    minimal = library.replace("-stdlib", "-minimal")
    for package in (library, minimal):
        for path in packages.files(package):
            if path.suffix == ".py" and path.stat().st_size > 400:
                yield path.name, path.read_text(encoding="utf-8", errors="replace")


def hardware(packages: Packages) -> Iterator[Document]:
    """The table of PCI devices, one document a vendor; small vendors are joined."""
    path = next(path for path in packages.files("pci.ids") if path.name == "pci.ids")
    block: list[str] = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if not line.startswith("\t") and sum(map(len, block)) > 600:
            yield block[0], "\n".join(block)
            block = []
        block.append(line)
    yield block[0], "\n".join(block)


def _manuals(packages: Packages, package: str) -> Iterator[Document]:
    for path in packages.files(package):
        if "/man/" in str(path) and path.suffix == ".gz":
            with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
                text = plain_manual(file.read())
            if len(text) > 400:
                yield path.name, text


_ESCAPES = [(re.compile(pattern), replacement) for pattern, replacement in [
    (r"\\f(\[[A-Z]*\]|\([A-Z]{2}|[A-Z0-9])", ""), (r"\\s[-+]?\d", ""), (r"\\-", "-"), (r"\\\(aq|\\\[aq\]", "'"),
    (r"\\\(dq|\\\[dq\]", '"'), (r"\\\(bu|\\\[bu\]", "*"), (r"\\\(co", "(c)"), (r"\\\((en|em)|\\\[(en|em)\]", "--"),
    (r"\\(~|0| )", " "), (r"\\e|\\\(rs|\\\[rs\]", r"\\"), (r"\\[&|^/,%:)c]", ""), (r"\\\(\w\w|\\\[[^\]]*\]", ""),
    (r'\\".*', "")]]


def plain_manual(source: str) -> str:
    """What a manual page's roff says: the words, without comments, macros and fonts."""
    lines = []
    for line in source.splitlines():
        if line.startswith((".", "'")):
            name, _, words = line[1:].strip().partition(" ")
            if name not in ("SH", "SS", "B", "I", "BR", "BI", "IR", "IB", "RB", "RI", "SM"):
                continue
            line = words.replace('"', "") if name in ("SH", "SS", "B", "I", "SM") else _joined(words)
        for pattern, replacement in _ESCAPES:
            line = pattern.sub(replacement, line)
        if line.strip():
            lines.append(line.rstrip())
    return "\n".join(lines)


def _joined(words: str) -> str:
    """Arguments of a macro that alternates fonts, which sets them without spaces."""
    return "".join(quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|(\S+)', words))
