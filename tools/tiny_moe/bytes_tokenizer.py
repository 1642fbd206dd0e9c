"""A tokenizer whose tokens are the 256 bytes, in order, and two special ones."""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

END, PADDING = "<|end|>", "<|pad|>"
END_ID, PADDING_ID, VOCABULARY = 256, 257, 258


def write(folder: Path, context: int) -> None:
    """Writes tokenizer.json and tokenizer_config.json. The end token also stands before every text."""
    tokenizer = Tokenizer(models.BPE(vocab={letter: byte for byte, letter in enumerate(_letters())}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(END, normalized=False), AddedToken(PADDING, normalized=False)])
    if tokenizer.encode("a\x00é").ids != list("a\x00é".encode()) or tokenizer.get_vocab_size() != VOCABULARY:
        raise ValueError("the tokens are not the bytes")
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": context, "bos_token": END, "eos_token": END,
        "pad_token": PADDING, "add_bos_token": False, "clean_up_tokenization_spaces": False}, indent=2) + "\n",
        encoding="utf-8")


def _letters() -> list[str]:
    """What byte-level BPE writes for each byte (GPT-2's table): the byte itself where visible, else from U+0100 on."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = iter(range(0x100, 0x200))
    return [chr(byte) if byte in visible else chr(next(hidden)) for byte in range(256)]
