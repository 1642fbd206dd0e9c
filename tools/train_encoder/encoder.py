"""The backbone: BERT with experts beside the feed-forward networks of its top layers (SPEC.md, 3.4 to 3.6, 13.1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import nn
from train_experts.failure import NOT_FOUND, Failure

from .experts import GeluExperts


class Encoder:
    """The frozen weights, and a pass in two parts: up to the first layer with experts, and from there on."""

    def __init__(self, folder: Path) -> None:
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            window = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))["max_seq_length"]
            self.weights = load_file(folder / "model.safetensors")
            self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except (OSError, KeyError, ValueError) as error:
            raise Failure(NOT_FOUND, f"`{folder}` is no encoder's directory: {error}",
                          "`moe-pack backbone info minilm-l6` names the directory of a registered one") from None
        self.width: int = config["hidden_size"]
        self.heads: int = config["num_attention_heads"]
        self.layer_count: int = config["num_hidden_layers"]
        self.epsilon: float = config["layer_norm_eps"]
        third = self.layer_count // 3, 2 * self.layer_count // 3, self.layer_count
        self.pooled_layers = sorted({end - 1 for end in third if end > 0})
        self.feature_width = self.width * len(self.pooled_layers)
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(window)

    def tokens(self, texts: list[str]) -> list[list[int]]:
        """The ids of each text."""
        return [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        """[B, T, D] for ids [B, T]."""
        table = self.weights
        x = table["embeddings.word_embeddings.weight"][ids] + table["embeddings.token_type_embeddings.weight"][0]
        return self._norm(x + table["embeddings.position_embeddings.weight"][:ids.shape[1]], "embeddings.LayerNorm")

    def layer(self, index: int, x: torch.Tensor, mask: torch.Tensor, experts: GeluExperts | None = None) -> torch.Tensor:
        """One layer over [B, T, D]; `mask` [B, T] is true where there is a token."""
        name = f"encoder.layer.{index}"
        batch, length, width = x.shape
        query, key, value = (self._linear(x, f"{name}.attention.self.{part}").view(batch, length, self.heads, -1).transpose(1, 2)
                             for part in ("query", "key", "value"))
        context = F.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :])
        context = context.transpose(1, 2).reshape(batch, length, width)
        attended = self._norm(self._linear(context, f"{name}.attention.output.dense") + x, f"{name}.attention.output.LayerNorm")
        inner = F.gelu(self._linear(attended, f"{name}.intermediate.dense"))
        output = self._linear(inner, f"{name}.output.dense") + attended
        if experts is not None:
            output = output + experts(attended, mask)
        return self._norm(output, f"{name}.output.LayerNorm")

    def features(self, x: torch.Tensor, mask: torch.Tensor, first: int, below: torch.Tensor,
                 experts: Mapping[int, GeluExperts]) -> torch.Tensor:
        """f of texts whose states enter layer `first`; `below` [B, G] has the blocks of the layers under it."""
        blocks = list(below.split(self.width, dim=1))
        for index in range(first, self.layer_count):
            x = self.layer(index, x, mask, experts.get(index))
            if index in self.pooled_layers:
                blocks[self.pooled_layers.index(index)] = self._pool(x, mask)
        return torch.cat(blocks, dim=1)

    @torch.no_grad()
    def trunk(self, ids: torch.Tensor, mask: torch.Tensor, first: int) -> tuple[torch.Tensor, torch.Tensor]:
        """What enters layer `first`, [B, T, D], and the features without experts, [B, G]."""
        x = self.embed(ids)
        blocks = []
        kept = x
        for index in range(self.layer_count):
            if index == first:
                kept = x
            x = self.layer(index, x, mask)
            if index in self.pooled_layers:
                blocks.append(self._pool(x, mask))
        return kept, torch.cat(blocks, dim=1)

    @staticmethod
    def _pool(x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        mean = (x * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
        return F.normalize(mean, dim=1, eps=1e-12)

    def _linear(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return F.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return F.layer_norm(x, (self.width,), self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], self.epsilon)


def parameters(experts: Mapping[int, GeluExperts]) -> list[nn.Parameter]:
    """Everything that is trained beside the head."""
    return [parameter for layer in experts.values() for parameter in layer.parameters() if parameter.requires_grad]
