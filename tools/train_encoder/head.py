"""The head over the features: its loss, the fit on the frozen backbone, and the thresholds of tags."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from .lbfgs import minimize


def head_loss(kind: str, logits: torch.Tensor, targets: torch.Tensor, smoothing: float = 0.0) -> torch.Tensor:
    """The loss summed over texts: cross-entropy of `classify`, binary cross-entropy of each label of `tag`.

    `logits` and `targets` are [N, L]; the targets become (1 − s) y + s / L.
    """
    smoothed = (1 - smoothing) * targets + smoothing / targets.shape[1]
    if kind == "tag":
        return F.binary_cross_entropy_with_logits(logits, smoothed.to(logits.dtype), reduction="sum")
    return -(smoothed * F.log_softmax(logits, dim=1)).sum()


def fit_head(kind: str, features: torch.Tensor, targets: torch.Tensor, inverse_penalty: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Logistic regression, its weights costing ‖W‖² / (2 C N), in double precision: W [L, G] and b [L]."""
    x, count, labels = features.double(), len(features), targets.shape[1]
    cut = labels * x.shape[1]

    def value(point: torch.Tensor) -> torch.Tensor:
        weight, bias = point[:cut].view(labels, -1), point[cut:]
        loss = head_loss(kind, F.linear(x, weight, bias), targets.double()) / count
        return loss + weight.square().sum() / (2 * inverse_penalty * count)

    found = minimize(torch.zeros(cut + labels, dtype=torch.float64), value)
    return found[:cut].view(labels, -1).float(), found[cut:].float()


def thresholds(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """[L]: what each label's probability has to exceed for the greatest F1 on these texts (SPEC.md, 7.17)."""
    chosen = []
    for probabilities, applies in zip(torch.sigmoid(logits).T, targets.T.bool()):
        order = probabilities.argsort(descending=True)
        best, threshold = 0.0, 0.5
        right = 0
        for place, text in enumerate(order.tolist()):
            right += int(applies[text])
            here = float(probabilities[text])
            following = float(probabilities[order[place + 1]]) if place + 1 < len(order) else 0.0
            f1 = 2 * right / (int(applies.sum()) + place + 1)
            if following < here and f1 > best:
                best, threshold = f1, (here + following) / 2
        chosen.append(threshold)
    return torch.tensor(chosen)


def score(kind: str, logits: torch.Tensor, targets: torch.Tensor) -> float:
    """The accuracy, or of tags the micro-averaged F1 at the thresholds that are best for these very texts."""
    if kind == "classify":
        return float((logits.argmax(dim=1) == targets.argmax(dim=1)).float().mean())
    given = torch.sigmoid(logits) > thresholds(logits, targets)
    total = float(given.sum() + targets.sum())
    return 2 * float((given * targets).sum()) / total if total else 0.0
