"""Texts as rows of token ids, every row from position 0 on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoTokenizer

from .failure import BAD_DATA, CONFIGURATION, NOT_FOUND, Failure

IGNORED = -100


@dataclass(frozen=True)
class Rows:
    """R rows of T positions. Row r is the prefix token, then tokens of one text; what is beyond them is padding."""

    ids: torch.Tensor  # [R, T]
    labels: torch.Tensor  # [R, T]: the token that follows each position; IGNORED where none does
    byte_count: int  # UTF-8 bytes of all texts

    def __len__(self) -> int:
        return self.ids.shape[0]


def read_texts(paths: Iterable[Path]) -> list[str]:
    """The `text` of every line of JSONL files; of other files the whole, which must be UTF-8."""
    texts: list[str] = []
    for path in paths:
        try:
            content = path.read_text(encoding="utf-8")
        except OSError as error:
            raise Failure(NOT_FOUND, f"`{path}` cannot be read: {error.strerror}", "check the path") from None
        except UnicodeDecodeError as error:
            raise Failure(BAD_DATA, f"`{path}` is not UTF-8 at byte {error.start}", "convert it to UTF-8") from None
        if path.suffix != ".jsonl":
            texts.append(content)
            continue
        for number, line in enumerate(content.splitlines(), start=1):
            texts.append(_text_of(path, number, line))
    found = [text for text in texts if text]
    if not found:
        raise Failure(BAD_DATA, "there is no text in the files", "name files with at least one non-empty text")
    return found


def _text_of(path: Path, number: int, line: str) -> str:
    try:
        text = json.loads(line)["text"]
    except (ValueError, KeyError, TypeError):
        text = None
    if not isinstance(text, str):
        raise Failure(BAD_DATA, f"`{path}` line {number} is not {{\"text\": \"…\"}}", "mend the line")
    return text


class RowMaker:
    """Cuts texts into rows with the tokenizer of a checkpoint."""

    def __init__(self, checkpoint: Path, context: int) -> None:
        try:
            self.tokenizer = AutoTokenizer.from_pretrained(checkpoint)
        except (OSError, ValueError) as error:
            raise Failure(BAD_DATA, f"transformers cannot load the tokenizer of `{checkpoint}`: {error}",
                          "a checkpoint needs its tokenizer.json") from None
        self.context = context
        prefix = self.tokenizer.bos_token_id
        self.prefix: int | None = self.tokenizer.eos_token_id if prefix is None else prefix
        if self.prefix is None:
            raise Failure(CONFIGURATION, f"the tokenizer of `{checkpoint}` has neither a beginning nor an end token",
                          "name one as bos_token or eos_token in tokenizer_config.json")

    def rows(self, texts: Iterable[str]) -> Rows:
        """One row per text; a text of more than `context` − 1 tokens becomes several, each with the prefix."""
        pieces: list[list[int]] = []
        byte_count, step = 0, self.context - 1
        for text in texts:
            tokens = self.tokenizer(text, add_special_tokens=False)["input_ids"]
            byte_count += len(text.encode())
            pieces += [tokens[start:start + step] for start in range(0, len(tokens), step)]
        longest = max(len(piece) for piece in pieces)
        ids = torch.full((len(pieces), longest), self.prefix)
        labels = torch.full((len(pieces), longest), IGNORED)
        for number, piece in enumerate(pieces):
            ids[number, 1:len(piece)] = torch.tensor(piece[:-1], dtype=torch.long)
            labels[number, :len(piece)] = torch.tensor(piece)
        return Rows(ids, labels, byte_count)
