"""The backbone in PyTorch: token ids, batches of like length, the mean over tokens."""

import json

import torch
from tokenizers import Tokenizer
from transformers import BertModel

BATCH = 32
# Texts are sorted by length within so many batches, so that little is padding and batches still differ by epoch.
SORTED_BATCHES = 50


class Texts:
    """Texts as token ids, cut to the backbone's maximum length."""

    def __init__(self, folder):
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        length = json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"]
        self.tokenizer.enable_truncation(max_length=length)
        self.tokenizer.no_padding()

    def ids(self, texts):
        return [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]


def load_model(folder):
    return BertModel.from_pretrained(str(folder), add_pooling_layer=False, local_files_only=True).float()


def pad(ids):
    """One batch: ids and attention mask, as long as its longest text."""
    length = max(map(len, ids))
    padded = torch.zeros(len(ids), length, dtype=torch.long)
    mask = torch.zeros(len(ids), length, dtype=torch.long)
    for row, values in enumerate(ids):
        padded[row, : len(values)] = torch.tensor(values)
        mask[row, : len(values)] = 1
    return padded, mask


def pooled(model, ids):
    """The mean of the final hidden states over the tokens of each text."""
    padded, mask = pad(ids)
    states = model(input_ids=padded, attention_mask=mask).last_hidden_state
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)


def batches_by_length(ids):
    """All indices, the longest texts first."""
    order = sorted(range(len(ids)), key=lambda index: -len(ids[index]))
    return [order[start : start + BATCH] for start in range(0, len(order), BATCH)]


def shuffled_batches(ids, generator):
    """All indices in random batches of texts of like length, in random order."""
    order = list(range(len(ids)))
    generator.shuffle(order)
    batches = []
    for start in range(0, len(order), BATCH * SORTED_BATCHES):
        part = sorted(order[start : start + BATCH * SORTED_BATCHES], key=lambda index: len(ids[index]))
        batches += [part[first : first + BATCH] for first in range(0, len(part), BATCH)]
    generator.shuffle(batches)
    return batches


def apply(function, ids, width):
    """`function` of every text, batch by batch, in the order of the texts."""
    result = torch.zeros(len(ids), width)
    with torch.inference_mode():
        for batch in batches_by_length(ids):
            result[batch] = function([ids[index] for index in batch])
    return result
