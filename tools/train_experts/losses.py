"""Losses of language models and of their routers."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from .rows import IGNORED


def token_nats(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Sum over positions of −log p(label), for logits [B, T, V] and labels [B, T]."""
    return F.cross_entropy(logits.flatten(0, 1).float(), labels.flatten(), ignore_index=IGNORED, reduction="sum")


def load_balancing(router_logits: torch.Tensor, top_k: int) -> torch.Tensor:
    """E · Σ f·P over the experts of one layer, 1 where the load is even; Switch, arXiv:2101.03961, eq. 4.

    `router_logits` is [N, E]; f is an expert's share of the choices, P its mean probability.
    """
    probabilities = torch.softmax(router_logits.float(), dim=-1)
    count = probabilities.shape[-1]
    chosen = probabilities.topk(top_k, dim=-1).indices
    share = torch.bincount(chosen.flatten(), minlength=count) / chosen.numel()
    return count * (share * probabilities.mean(dim=0)).sum()


def router_z(router_logits: torch.Tensor) -> torch.Tensor:
    """Mean of logsumexp² over tokens; ST-MoE, arXiv:2202.08906."""
    return router_logits.float().logsumexp(dim=-1).square().mean()
