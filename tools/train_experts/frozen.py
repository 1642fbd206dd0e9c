"""A frozen causal language model with a pack's experts beside the feed-forward networks of some layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from .experts import PackExperts
from .failure import BAD_DATA, CONFIGURATION, NOT_FOUND, USAGE, Failure
from .losses import load_balancing, router_z

# What the feed-forward network of a layer is called, by family.
FEED_FORWARD = ("mlp", "block_sparse_moe", "ffn")


def load_model(checkpoint: Path, dtype: torch.dtype = torch.float32, **options: Any) -> PreTrainedModel:
    """The checkpoint, widened to `dtype`, ready for evaluation: no dropout, no router jitter.

    `options` go to transformers' `from_pretrained`.
    """
    if not (checkpoint / "config.json").is_file():
        raise Failure(NOT_FOUND, f"`{checkpoint}` has no config.json",
                      "name the directory of a Hugging Face checkpoint")
    try:
        config = AutoConfig.from_pretrained(checkpoint)
        if config.model_type == "dbrx":
            # transformers 5 reads the theta of the rotary embedding elsewhere than DBRX's own config.json has it.
            config.rope_parameters = {"rope_type": "default", "rope_theta": config.attn_config.rope_theta}
        return AutoModelForCausalLM.from_pretrained(checkpoint, config=config, dtype=dtype,
                                                    experts_implementation="eager", **options).eval()
    except (OSError, ValueError) as error:
        raise Failure(BAD_DATA, f"transformers cannot load `{checkpoint}`: {error}",
                      "name a whole checkpoint of a causal language model") from None


def decoder_layers(model: PreTrainedModel) -> nn.ModuleList:
    """The layers, in order."""
    decoder = model.get_decoder()
    for name in ("layers", "blocks"):
        if isinstance(layers := getattr(decoder, name, None), nn.ModuleList):
            return layers
    raise Failure(CONFIGURATION, f"the layers of a `{model.config.model_type}` model are not where they are expected",
                  "use a checkpoint of a decoder family that moe-pack knows")


def feed_forward(layer: nn.Module) -> nn.Module:
    """The feed-forward network of a layer, sparse or dense."""
    for name in FEED_FORWARD:
        if hasattr(layer, name):
            return getattr(layer, name)
    raise Failure(CONFIGURATION, f"a `{type(layer).__name__}` has none of {', '.join(FEED_FORWARD)}",
                  "use a checkpoint of a decoder family that moe-pack knows")


class FrozenModel:
    """The model, the pack's experts by layer, and where the experts begin.

    With no experts it is the model itself. The experts see the very input of the layer's feed-forward network, and
    what they give is added to its output, before anything else is done with that.
    """

    def __init__(self, model: PreTrainedModel, experts: Mapping[int, PackExperts]) -> None:
        self.model = model.requires_grad_(False)
        self.layers = decoder_layers(model)
        self.experts = dict(sorted(experts.items()))
        for number in self.experts:
            if not 0 <= number < len(self.layers):
                raise Failure(USAGE, f"there is no layer {number}, expected 0 to {len(self.layers) - 1}",
                              "name other layers with --layers")
        self._mask: torch.Tensor | None = None
        self._routers: list[tuple[torch.Tensor, int]] = []
        self._hooks = [feed_forward(self.layers[number]).register_forward_hook(self._adding(pack))
                       for number, pack in self.experts.items()]

    @property
    def first_layer(self) -> int:
        """Where the experts begin; the layers below are the trunk."""
        return min(self.experts, default=0)

    def parameters(self) -> list[nn.Parameter]:
        """All that is trained."""
        return [parameter for pack in self.experts.values() for parameter in pack.parameters() if parameter.requires_grad]

    def logits(self, ids: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """[B, T, V]. `mask` [B, T] says which tokens the routers' losses count."""
        self._mask, self._routers = mask, []
        return self.model(input_ids=ids, use_cache=False).logits

    def router_losses(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Load-balancing loss and router z-loss of the last pass, means over layers; zero with one expert."""
        found = [(load_balancing(logits, top_k), router_z(logits)) for logits, top_k in self._routers
                 if logits.shape[-1] > 1]
        if not found:
            return torch.zeros(()), torch.zeros(())
        balance, z = zip(*found)
        return torch.stack(balance).mean(), torch.stack(z).mean()

    def close(self) -> None:
        """Takes the experts off the model again."""
        for hook in self._hooks:
            hook.remove()

    @contextmanager
    def from_trunk(self, hidden: torch.Tensor) -> Iterator[None]:
        """Within, a pass leaves the trunk out and begins with these states [B, T, D] before the first expert layer."""
        def replace(_layer: nn.Module, inputs: tuple, keywords: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
            if inputs:
                return (hidden, *inputs[1:]), keywords
            return inputs, keywords | {"hidden_states": hidden}

        trunk = self.layers[:self.first_layer]
        hook = self.layers[self.first_layer].register_forward_pre_hook(replace, with_kwargs=True)
        for layer in trunk:
            layer.forward = _unchanged
        try:
            yield
        finally:
            hook.remove()
            for layer in trunk:
                del layer.forward

    @torch.no_grad()
    def trunk_states(self, ids: torch.Tensor) -> torch.Tensor:
        """The states [B, T, D] before the first expert layer."""
        kept: list[torch.Tensor] = []

        def keep(_layer: nn.Module, inputs: tuple, keywords: dict[str, Any]) -> None:
            kept.append(inputs[0] if inputs else keywords["hidden_states"])
            raise _Enough

        hook = self.layers[self.first_layer].register_forward_pre_hook(keep, with_kwargs=True)
        try:
            self.model.get_decoder()(input_ids=ids, use_cache=False)
        except _Enough:
            pass
        finally:
            hook.remove()
        return kept[0]

    def _adding(self, pack: PackExperts):
        def add(_module: nn.Module, inputs: tuple, output: torch.Tensor) -> torch.Tensor:
            hidden = inputs[0].reshape(-1, inputs[0].shape[-1])
            logits = pack.router_logits(hidden)
            counted = logits if self._mask is None else logits[self._mask.flatten()]
            self._routers.append((counted, pack.top_k))
            return output + pack(hidden, logits).view_as(output)
        return add


class _Enough(Exception):
    """Ends a forward pass early."""


def _unchanged(hidden_states: torch.Tensor, *_inputs: Any, **_keywords: Any) -> torch.Tensor:
    return hidden_states
