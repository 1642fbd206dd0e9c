"""Anchors on frozen embeddings: one linear classifier over all labels, and one over the domains."""

import time
import warnings

import numpy
import torch
from encoder import Texts, apply, load_model, pooled
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

STRENGTHS = [1.0, 4.0, 16.0, 64.0, 256.0]
HELD_OUT = 0.1


class Embedder:
    """The backbone's embeddings: mean over tokens, L2 norm 1."""

    def __init__(self, folder):
        self.texts, self.model = Texts(folder), load_model(folder).eval()

    def __call__(self, texts):
        states = apply(lambda ids: pooled(self.model, ids), self.texts.ids(texts), self.model.config.hidden_size)
        return torch.nn.functional.normalize(states, dim=1).numpy().astype(numpy.float64)


def fit(x, y, strength):
    model = LogisticRegression(C=strength, max_iter=3000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(x, y)


def choose(x, y, valid_x, valid_y, seed):
    """The classifier on all training texts, with the C that is best on texts held out from it."""
    if len(valid_y):
        inner_x, inner_y = x, y
    else:
        # Stratifying needs a text of every class on either side.
        count = max(int(HELD_OUT * len(y)), len(set(y)))
        inner_x, valid_x, inner_y, valid_y = train_test_split(x, y, test_size=count, random_state=seed, stratify=y)
    scores = {strength: fit(inner_x, inner_y, strength).score(valid_x, valid_y) for strength in STRENGTHS}
    best = max(STRENGTHS, key=scores.__getitem__)
    return fit(x, y, best), {"C": best, "accuracyByC": {str(strength): score for strength, score in scores.items()},
                             "chosenOn": len(valid_y)}


def answers(model, details, test, outside):
    """Classes and their probabilities for the test texts, the greatest probability for the others."""
    probabilities = model.predict_proba(test)
    return {"classes": model.classes_[probabilities.argmax(1)].tolist(), "confidences": probabilities.max(1).tolist(),
            "outside": {source: model.predict_proba(x).max(1).tolist() for source, x in outside.items()},
            "details": details}


def constant(label, test, outside):
    """The answers where there is one class."""
    return {"classes": [label] * len(test), "confidences": [1.0] * len(test),
            "outside": {source: [1.0] * len(x) for source, x in outside.items()}, "details": {}}


def classify(x, y, valid_x, valid_y, test, outside, seed):
    """Trains and answers; there is nothing to train where there is one class."""
    if len(set(y)) == 1:
        return constant(y[0], test, outside)
    model, details = choose(x, y, valid_x, valid_y, seed)
    return answers(model, details, test, outside)


def run(job, folder):
    """The joint classifier over labels, and the classifier over domains."""
    begun = time.monotonic()
    embed = Embedder(folder)
    x, valid_x = embed([text for text, _ in job["train"]]), embed([text for text, _ in job["valid"]])
    test, outside = embed(job["test"]), {source: embed(texts) for source, texts in job["outside"].items()}
    y, valid_y = ([label for _, label in job[part]] for part in ("train", "valid"))
    joint = classify(x, y, valid_x, valid_y, test, outside, job["seed"])
    domain = job["domainOfClass"]
    direct = classify(x, [domain[label] for label in y], valid_x, [domain[label] for label in valid_y], test, outside,
                      job["seed"])
    return {"joint": joint, "domains": direct, "seconds": time.monotonic() - begun}
