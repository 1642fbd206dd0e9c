"""All parameters of the backbone and a linear head, trained together: the monolith, and the bound of each domain."""

import random
import sys
import time

import torch
from encoder import BATCH, Texts, apply, load_model, pooled, shuffled_batches

RATE, HEAD_RATE, WEIGHT_DECAY, WARM_UP, CLIP, DROPOUT = 5e-5, 1e-3, 0.01, 0.1, 1.0, 0.1


class Classifier(torch.nn.Module):
    """The backbone, the mean over tokens, and one logit for each class."""

    def __init__(self, folder, classes):
        super().__init__()
        self.backbone = load_model(folder)
        self.dropout = torch.nn.Dropout(DROPOUT)
        self.head = torch.nn.Linear(self.backbone.config.hidden_size, classes)

    def forward(self, ids):
        return self.head(self.dropout(pooled(self.backbone, ids)))

    def groups(self):
        """Parameters with their rates; biases and layer norms do not decay."""
        body = list(self.backbone.parameters())
        return [
            {"params": [p for p in body if p.dim() > 1], "lr": RATE, "weight_decay": WEIGHT_DECAY},
            {"params": [p for p in body if p.dim() <= 1], "lr": RATE, "weight_decay": 0.0},
            {"params": list(self.head.parameters()), "lr": HEAD_RATE, "weight_decay": WEIGHT_DECAY},
        ]


def slope(step, steps):
    """The share of the rate: up in the first tenth, then down to nothing."""
    warm_up = max(1, int(WARM_UP * steps))
    return (step + 1) / warm_up if step < warm_up else (steps - step) / max(1, steps - warm_up)


def train(model, ids, labels, epochs, seed):
    """AdamW on cross-entropy; gives back the mean loss of every epoch."""
    generator = random.Random(seed)
    steps = epochs * -(-len(ids) // BATCH)
    optimizer = torch.optim.AdamW(model.groups(), fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: slope(step, steps))
    losses, begun, done = [], time.monotonic(), 0
    model.train()
    for epoch in range(epochs):
        total = 0.0
        for batch in shuffled_batches(ids, generator):
            wanted = torch.tensor([labels[index] for index in batch])
            loss = torch.nn.functional.cross_entropy(model([ids[index] for index in batch]), wanted)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimizer.step()
            schedule.step()
            total, done = total + loss.item() * len(batch), done + 1
        losses.append(total / len(ids))
        left = (time.monotonic() - begun) * (steps - done) / done
        print(f"epoch {epoch + 1} of {epochs}: loss {losses[-1]:.4f}, {left:.0f} s left", file=sys.stderr, flush=True)
    return losses


def probabilities(model, ids):
    model.eval()
    return apply(lambda batch: model(batch).softmax(1), ids, model.head.out_features)


def accuracy(model, ids, labels):
    if not ids:
        return None
    return (probabilities(model, ids).argmax(1) == torch.tensor(labels)).float().mean().item()


def run(job, folder):
    """Trains on all training texts for all epochs, and answers; validation texts are only measured."""
    begun = time.monotonic()
    torch.manual_seed(job["seed"])
    texts, classes = Texts(folder), job["classes"]
    place = {number: index for index, number in enumerate(classes)}
    ids, valid_ids = (texts.ids([row[0] for row in job[part]]) for part in ("train", "valid"))
    labels, valid_labels = ([place[row[1]] for row in job[part]] for part in ("train", "valid"))
    model = Classifier(folder, len(classes))
    losses = train(model, ids, labels, job["epochs"], job["seed"]) if len(classes) > 1 else []
    found = probabilities(model, texts.ids(job["test"]))
    outside = {source: probabilities(model, texts.ids(part)).amax(1).tolist()
               for source, part in job["outside"].items()}
    details = {"losses": losses, "validAccuracy": accuracy(model, valid_ids, valid_labels),
               "parameters": sum(parameter.numel() for parameter in model.parameters())}
    joint = {"classes": [classes[index] for index in found.argmax(1).tolist()], "confidences": found.amax(1).tolist(),
             "outside": outside, "details": details}
    return {"joint": joint, "seconds": time.monotonic() - begun}
