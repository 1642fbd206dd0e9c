"""Tests of parquet_to_jsonl.py; `tools/soak parquet` runs them with a Python that has pyarrow."""

import datetime
import json
import tempfile
import unittest
from pathlib import Path

import pyarrow
import pyarrow.ipc
import pyarrow.parquet

import parquet_to_jsonl

TABLE = pyarrow.table({
    "text": ['a "quoted",\ntext', "é😀", None],
    "label": [0, 1, 1],
    "when": [datetime.date(2026, 1, 1), None, None],
    "score": [1.5, float("nan"), None],
    "tags": [["x"], [], None],
})
LINES = [
    {"text": 'a "quoted",\ntext', "label": 0, "when": "2026-01-01", "score": 1.5, "tags": ["x"]},
    {"text": "é😀", "label": 1, "score": None, "tags": []},
    {"label": 1},
]


class ConversionTests(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.root = Path(self.directory.name)

    def lines(self, name: str) -> list:
        return [json.loads(line) for line in (self.root / name).read_text(encoding="utf-8").splitlines()]

    def test_parquet_of_several_row_groups(self):
        pyarrow.parquet.write_table(TABLE, self.root / "a.parquet", row_group_size=2)
        parquet_to_jsonl.convert(self.root / "a.parquet", force=False)
        self.assertEqual(self.lines("a.jsonl"), LINES)

    def test_arrow_files_and_streams(self):
        for name, writer in (("s.arrow", pyarrow.ipc.new_stream), ("f.feather", pyarrow.ipc.new_file)):
            with pyarrow.OSFile(str(self.root / name), "wb") as sink, writer(sink, TABLE.schema) as output:
                output.write_table(TABLE)
            parquet_to_jsonl.convert(self.root / name, force=False)
            self.assertEqual(self.lines(Path(name).with_suffix(".jsonl").name), LINES, name)

    def test_a_directory_is_searched_and_what_is_there_is_left(self):
        (self.root / "data").mkdir()
        pyarrow.parquet.write_table(TABLE, self.root / "data/train.parquet")
        found = parquet_to_jsonl.files(str(self.root))
        self.assertEqual([p.name for p in found], ["train.parquet"])
        (self.root / "data/train.jsonl").write_text("mine\n")
        parquet_to_jsonl.convert(found[0], force=False)
        self.assertEqual((self.root / "data/train.jsonl").read_text(), "mine\n")
        parquet_to_jsonl.convert(found[0], force=True)
        self.assertEqual(self.lines("data/train.jsonl"), LINES)

    def test_what_is_no_such_file_is_refused_and_leaves_nothing(self):
        (self.root / "bad.parquet").write_bytes(b"PAR1")
        with self.assertRaises(parquet_to_jsonl.Failure) as caught:
            parquet_to_jsonl.convert(self.root / "bad.parquet", force=False)
        self.assertEqual(caught.exception.code, 65)
        self.assertEqual([p.name for p in self.root.iterdir()], ["bad.parquet"])
        (self.root / "empty").mkdir()
        for name, code in (("x.txt", 64), ("none.parquet", 66), ("empty", 66)):
            with self.assertRaises(parquet_to_jsonl.Failure) as caught:
                parquet_to_jsonl.files(str(self.root / name))
            self.assertEqual(caught.exception.code, code, name)


if __name__ == "__main__":
    unittest.main()
