"""Writes Parquet and Arrow files as JSON Lines, each beside itself. Run by tools/parquet-to-jsonl."""

import argparse
import base64
import datetime
import decimal
import json
import math
import os
import sys
from pathlib import Path

import pyarrow
import pyarrow.ipc
import pyarrow.parquet

SUFFIXES = (".parquet", ".arrow", ".feather")


class Failure(Exception):
    def __init__(self, code: int, message: str, hint: str):
        super().__init__(message)
        self.code, self.hint = code, hint


def batches(path: Path):
    """The record batches of a file, in its order."""
    if path.suffix == ".parquet":
        with pyarrow.parquet.ParquetFile(path) as file:
            yield from file.iter_batches()
        return
    with pyarrow.memory_map(str(path)) as source:
        try:
            reader = pyarrow.ipc.open_file(source)
            for index in range(reader.num_record_batches):
                yield reader.get_batch(index)
        except pyarrow.ArrowInvalid:
            source.seek(0)
            yield from pyarrow.ipc.open_stream(source)


def plain(value, where: str):
    """A value of Arrow as JSON has it; None where it is missing."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case bytes():
            return base64.b64encode(value).decode()
        case datetime.date() | datetime.time():
            return value.isoformat()
        case datetime.timedelta() | decimal.Decimal():
            return str(value)
        case list() | tuple():
            return [plain(element, where) for element in value]
        case dict():
            return {str(key): plain(element, where) for key, element in value.items()}
    raise Failure(65, f"`{where}`: expected a value that JSON has, got {type(value).__name__}",
                  "leave the column out of the file and run it again")


def convert(path: Path, force: bool) -> None:
    target = path.with_suffix(".jsonl")
    if target.exists() and not force:
        print(f"{target}: there already, left alone")
        return
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    rows = 0
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as output:
            for batch in batches(path):
                for row in batch.to_pylist():
                    # What is missing is left out: a key that is null is no text and no label.
                    members = {k: plain(v, f"{path}: {k}") for k, v in row.items() if v is not None}
                    output.write(json.dumps(members, ensure_ascii=False, allow_nan=False) + "\n")
                    rows += 1
        partial.replace(target)
    except (pyarrow.ArrowException, OSError, UnicodeError) as error:
        raise Failure(65, f"`{path}` cannot be read: {error}", "nothing was written for it") from error
    finally:
        partial.unlink(missing_ok=True)
    print(f"{target}: {rows} rows")


def files(name: str) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES and p.is_file())
        if not found:
            raise Failure(66, f"`{name}` holds no file named {', '.join(SUFFIXES)}", "nothing was written")
        return found
    if path.suffix not in SUFFIXES:
        raise Failure(64, f"`{name}`: expected a name that ends in {', '.join(SUFFIXES)}", "nothing was written")
    if not path.is_file():
        raise Failure(66, f"`{name}` does not exist, expected a file or a directory", "nothing was written")
    return [path]


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/parquet-to-jsonl", description=__doc__)
    parser.add_argument("path", nargs="+", help="a file, or a directory with such files in it")
    parser.add_argument("--force", action="store_true", help="write a .jsonl that is there already anew")
    arguments = parser.parse_args()
    try:
        for path in [file for name in arguments.path for file in files(name)]:
            convert(path, arguments.force)
    except Failure as failure:
        print(f"error: {failure}\n\nhint: {failure.hint}", file=sys.stderr)
        return failure.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
