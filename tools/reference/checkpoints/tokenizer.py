"""A byte-level BPE tokenizer that fits a vocabulary exactly."""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from .text import sentences

END, PADDING = "<|end|>", "<|pad|>"
END_ID, PADDING_ID = 0, 1


def train(tokens: int, covers_bytes: bool) -> Tokenizer:
    """A tokenizer of `tokens` entries; without `covers_bytes` its alphabet is that of its training text alone."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet()) if covers_bytes else []
    trainer = trainers.BpeTrainer(vocab_size=tokens, special_tokens=[END, PADDING], initial_alphabet=alphabet,
                                  show_progress=False)
    tokenizer.train_from_iterator(sentences(400, seed=1), trainer)
    if tokenizer.get_vocab_size() != tokens:
        raise ValueError(f"the tokenizer has {tokenizer.get_vocab_size()} entries, expected {tokens}")
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path, context: int) -> None:
    """Writes tokenizer.json and tokenizer_config.json."""
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": context, "eos_token": END,
        "pad_token": PADDING, "clean_up_tokenization_spaces": False}, indent=2) + "\n", encoding="utf-8")
