"""Reads labelled data of many domains, and the texts that belong to none.

A directory holds train.jsonl, test.jsonl and perhaps valid.jsonl with lines {"text", "label", "domain"?}; without
`domain`, a line belongs to the domain that is called like the directory. Out of scope are the lines of test.jsonl
whose label or domain is null or one of `OUTSIDE_WORDS`, and whatever stands in a file of `OUTSIDE_FILES`.
"""

import collections
import dataclasses
import json

from .failure import BAD_DATA, INPUT_OUTPUT, NOT_FOUND, Failure

OUTSIDE_WORDS = {"oos", "none", "out_of_scope"}
OUTSIDE_FILES = ["oos.jsonl", "out_of_scope.jsonl", "neutral.jsonl"]
SPLITS = ["train", "valid", "test"]
LONGEST_TEXT = 1 << 20


@dataclasses.dataclass
class Pool:
    """Everything that was read."""

    # domain → split → [(text, label)]
    domains: dict
    # source → [text]
    outside: dict
    # why → how many lines were left out
    left_out: collections.Counter


def is_outside(word):
    """Whether a label or domain says that a text is nobody's."""
    return word is None or word.casefold().replace("-", "_").replace(" ", "_") in OUTSIDE_WORDS


def read_pool(folders, neutral_files, omitted_labels, directory_domains=False):
    """Reads every directory and every file of neutral texts; each directory may be made one domain."""
    names = [folder.resolve().name for folder in folders]
    for name, count in collections.Counter(names).items():
        if count > 1:
            raise Failure(BAD_DATA, f"{count} data directories are called `{name}`, expected different names",
                          "rename one of them: its name tells its texts apart")
    found = {}
    left_out = collections.Counter()
    outside = collections.defaultdict(list)
    for folder, name in zip(folders, names):
        found[name] = _read_folder(
            folder, name, set(omitted_labels), outside, left_out, directory_domains)
    for path in neutral_files:
        outside[path.stem] += _texts(path, left_out)
    return Pool(_merge(found), dict(outside), left_out)


def _merge(found):
    """The domains of all directories; one that several directories have is named `directory/domain`."""
    counts = collections.Counter(domain for domains in found.values() for domain in domains)
    return {f"{name}/{domain}" if counts[domain] > 1 else domain: splits
            for name, domains in found.items() for domain, splits in domains.items()}


def _read_folder(folder, name, omitted, outside, left_out, is_one_domain):
    domains = {}
    for split in SPLITS:
        path = folder / f"{split}.jsonl"
        if split == "valid" and not path.exists():
            continue
        for number, row in _lines(path):
            text, label = _text(path, number, row, left_out), _word(path, number, row, "label")
            domain = _word(path, number, row, "domain") if "domain" in row else name
            if text is None:
                continue
            if is_outside(label) or is_outside(domain):
                if split == "test":
                    outside[f"{name}/test"].append(text)
                else:
                    left_out[f"out of scope in {split}"] += 1
            elif label in omitted:
                left_out[f"label omitted, in {split}"] += 1
            else:
                splits = domains.setdefault(name if is_one_domain else domain, {split: [] for split in SPLITS})
                splits[split].append((text, label))
    for file in OUTSIDE_FILES:
        if (folder / file).exists():
            outside[f"{name}/{file.removesuffix('.jsonl')}"] += _texts(folder / file, left_out)
    return domains


def _texts(path, left_out):
    """The texts of a file whose lines need no label."""
    texts = (_text(path, number, row, left_out) for number, row in _lines(path))
    return [text for text in texts if text is not None]


def _lines(path):
    """The number and the object of every line."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        raise Failure(NOT_FOUND, f"there is no `{path}`, expected JSON Lines of {{\"text\", \"label\", \"domain\"?}}",
                      "name directories that hold train.jsonl and test.jsonl with `--data DIR`") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(INPUT_OUTPUT, f"`{path}` cannot be read: {error}",
                      "expected a file of JSON Lines in UTF-8") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise _bad_line(path, number, "one JSON object", str(error)) from None
        if not isinstance(row, dict):
            raise _bad_line(path, number, "one JSON object", f"`{line[:60]}`")
        yield number, row


def _text(path, number, row, left_out):
    """The text of a line; `None` where there is nothing to read in it."""
    text = row.get("text")
    if not isinstance(text, str):
        raise _bad_line(path, number, "a string `text`", f"`{text!r}`")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise _bad_line(path, number, "a `text` of Unicode scalars", "half of a surrogate pair") from None
    if size > LONGEST_TEXT:
        raise _bad_line(path, number, f"a `text` of at most {LONGEST_TEXT} bytes", f"{size} bytes")
    if not text.strip():
        left_out["blank text"] += 1
        return None
    return text


def _word(path, number, row, key):
    """A label or domain: a string or null, and there."""
    if key not in row:
        raise _bad_line(path, number, f"a `{key}`, null where the text is out of scope", "none")
    word = row[key]
    if word is not None and not (isinstance(word, str) and word.strip()):
        raise _bad_line(path, number, f"a `{key}` that is a string with a word in it, or null", f"`{word!r}`")
    return word


def _bad_line(path, number, expected, got):
    return Failure(BAD_DATA, f"`{path}` line {number}: expected {expected}, got {got}",
                   "nothing was built; correct the line and run it again")
