#!/usr/bin/env python3
"""Records PyTorch's gradients of the trained part of a small BERT: two layers with experts, and the head.

    pip install torch numpy
    python3 tools/reference/layer_gradients.py Tests/MoETrainingTests/Reference/layer.json

Two cases: one expert, and three with two a token. Both layers have the same frozen weights, to keep the file
small, and experts of their own; both are pooled, and the head reads the two normalised means side by side.
Everything is computed in float64 from float32 values, and rounded to float32 once.
"""
import json
import math
import sys

import numpy
import torch
import torch.nn.functional as F

D, FEED_FORWARD, HEADS, EXPERT, LABELS = 32, 32, 2, 4, 3
LAYERS = 2
LENGTHS = [4, 1, 6]
TARGETS = [2, 0, 1]
SMOOTHING, HEAD_SCALE, BALANCE, Z_LOSS, EPSILON = 0.1, 20.0, 0.5, 0.25, 1e-12

generator = torch.Generator().manual_seed(20260102)


def random(*shape, scale=1.0, mean=0.0):
    """Float32 values as float64, so that the inputs are exact in both precisions."""
    values = torch.randn(*shape, generator=generator) * scale + mean
    return values.float().double().requires_grad_()


def linear(prefix, outputs, inputs):
    return {f"{prefix}.weight": random(outputs, inputs, scale=inputs ** -0.5), f"{prefix}.bias": random(outputs, scale=0.1)}


def norm(prefix):
    return {f"{prefix}.weight": random(D, scale=0.1, mean=1.0), f"{prefix}.bias": random(D, scale=0.1)}


def frozen_layer():
    tensors = {}
    for part in ["query", "key", "value"]:
        tensors.update(linear(f"attention.self.{part}", D, D))
    tensors.update(linear("attention.output.dense", D, D))
    tensors.update(norm("attention.output.LayerNorm"))
    tensors.update(linear("intermediate.dense", FEED_FORWARD, D))
    tensors.update(linear("output.dense", D, FEED_FORWARD))
    tensors.update(norm("output.LayerNorm"))
    return tensors


def apply(tensors, name, x):
    return F.linear(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def normalize(tensors, name, x):
    return F.layer_norm(x, (D,), tensors[f"{name}.weight"], tensors[f"{name}.bias"], EPSILON)


def attention(tensors, x):
    contexts = []
    for piece in x.split(LENGTHS):
        q, k, v = (apply(tensors, f"attention.self.{part}", piece).view(len(piece), HEADS, -1).transpose(0, 1)
                   for part in ["query", "key", "value"])
        weights = F.softmax(q @ k.transpose(1, 2) / math.sqrt(D // HEADS), dim=-1)
        contexts.append((weights @ v).transpose(0, 1).reshape(len(piece), D))
    return torch.cat(contexts)


def run(tensors, trained, layer, experts, top_k, x):
    """The layer with its experts; returns the output and the router's weighted losses."""
    a = normalize(tensors, "attention.output.LayerNorm", x + apply(tensors, "attention.output.dense", attention(tensors, x)))
    y = a + apply(tensors, "output.dense", F.gelu(apply(tensors, "intermediate.dense", a)))
    outputs = [apply(trained, f"{layer}.{e}.down", F.gelu(apply(trained, f"{layer}.{e}.up", a))) for e in range(experts)]
    balance = z = torch.zeros((), dtype=torch.float64)
    if experts == 1:
        y = y + outputs[0]
    else:
        logits = apply(trained, f"{layer}.router", a)
        p = F.softmax(logits, dim=-1)
        z = torch.logsumexp(logits, dim=-1).square().mean()
        chosen = torch.topk(p, top_k).indices
        mask = torch.zeros_like(p).scatter(1, chosen, 1.0)
        weights = p * mask
        if top_k > 1:
            weights = weights / weights.sum(dim=1, keepdim=True)
        y = y + sum(weights[:, e:e + 1] * outputs[e] for e in range(experts))
        fractions = mask.detach().sum(dim=0) / (len(x) * top_k)
        balance = experts * (fractions * p.mean(dim=0)).sum()
    return normalize(tensors, "output.LayerNorm", y), BALANCE * balance + Z_LOSS * z


def record(tensor):
    numbers = tensor.detach().float().numpy().astype(numpy.float32)
    return {"shape": list(numbers.shape), "values": [float(str(value)) for value in numbers.ravel()]}


def case(tensors, x, experts, top_k):
    trained = {}
    for layer in range(LAYERS):
        for e in range(experts):
            trained.update(linear(f"{layer}.{e}.up", EXPERT, D))
            trained.update(linear(f"{layer}.{e}.down", D, EXPERT))
        if experts > 1:
            trained.update(linear(f"{layer}.router", experts, D))
    trained.update({"head.weight": random(LABELS, LAYERS * D, scale=0.1), "head.bias": random(LABELS, scale=0.1)})
    hidden, routing, blocks = x, 0, []
    for layer in range(LAYERS):
        hidden, term = run(tensors, trained, layer, experts, top_k, hidden)
        routing = routing + term
        blocks.append(torch.stack([F.normalize(piece.mean(dim=0), dim=0) for piece in hidden.split(LENGTHS)]))
    logits = HEAD_SCALE * F.linear(torch.cat(blocks, dim=1), trained["head.weight"]) + trained["head.bias"]
    loss = F.cross_entropy(logits, torch.tensor(TARGETS), label_smoothing=SMOOTHING, reduction="sum")
    (loss / len(TARGETS) + routing).backward()
    return {"experts": experts, "topK": top_k, "loss": loss.item(),
            "parameters": {name: record(tensor) for name, tensor in trained.items()},
            "gradients": {name: record(tensor.grad) for name, tensor in trained.items()}}


def main():
    tensors, x = frozen_layer(), random(sum(LENGTHS), D)
    document = {
        "torch": torch.__version__.split("+")[0], "lengths": LENGTHS, "labels": TARGETS, "headCount": HEADS,
        "smoothing": SMOOTHING, "balance": BALANCE, "zLoss": Z_LOSS, "input": record(x),
        "layer": {name: record(tensor) for name, tensor in tensors.items()},
        "cases": [case(tensors, x, 1, 1), case(tensors, x, 3, 2)]}
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(document, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
