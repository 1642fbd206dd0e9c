"""Runs the comparison of `embedding-parity`, or writes the golden file of the embedding test."""

import argparse
import base64
import hashlib
import json
import os
import pathlib
import random
import shlex
import subprocess
import sys
import tempfile
import time

os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "TQDM_DISABLE": "1"}

import numpy
import sentence_transformers
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import modules

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "Tests/MoEModelTests/Golden/embeddings.json"
LIMIT = 2e-5

# Texts for the golden file: lengths from nothing to beyond the limit, several scripts and registers.
AUTHORED = [
    "",
    "a",
    "?",
    "Hello.",
    "the ship was arrested",
    "The ship was arrested at anchor.",
    "THE SHIP WAS ARRESTED AT ANCHOR.",
    "Überraschend höflich: naïve Café-Besitzer in Malmö",
    "船は港で差し押さえられた。",
    "Корабль арестован в порту",
    "السفينة محتجزة في الميناء",
    "👩‍🚀🚀 to the moon — and back!",
    "1,234.56 USD; 7 % p.a.; § 4(4); Art. 17(1)(b)",
    "https://example.org/a/b?c=d#e and someone@example.org",
    "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "x" * 120,
    "to be or not to be to be or not to be to be or not to be",
    "A former customer asks what we hold about her, and wants it within the month.",
    "Who is paid first out of the proceeds when the Sheriff has sold the vessel: crew, salvors, bank or harbour?",
    "def gate(z, w, b, t):\n    return (logsumexp(w @ z + b) - t.threshold) / t.temperature\n",
    "[CLS] is a token of its own, [MASK] too, and [unknown] is not.",
    "A long sentence goes on, and on, and turns, and pauses; then it goes on again, " * 4,
    "One clause follows another in the contract, each with its own exceptions. " * 18,
    "The same words, over and over, until there is no more room for any of them. " * 40,
]


def find_model(named):
    if named or os.environ.get("MOEPACK_BACKBONE_DIR"):
        return pathlib.Path(named or os.environ["MOEPACK_BACKBONE_DIR"])
    data = pathlib.Path(os.environ.get("XDG_DATA_HOME") or pathlib.Path.home() / ".local/share")
    found = sorted(data.glob("moe-pack/backbones/*/model.safetensors"))
    if not found:
        sys.exit("error: no backbone is registered, and neither `--model DIR` nor `MOEPACK_BACKBONE_DIR` names one\n\n"
                 "hint: `tools/backbone` fetches and registers it")
    return found[0].parent


def reference(folder):
    """The model as its publisher composed it: transformer, mean over tokens, L2 norm; float32, on the CPU."""
    length = json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"]
    transformer = modules.Transformer(str(folder), max_seq_length=length)
    pooling = modules.Pooling(transformer.get_embedding_dimension(), pooling_mode="mean")
    model = SentenceTransformer(modules=[transformer, pooling, modules.Normalize()], device="cpu")
    return model.float().eval(), length


def embed(model, texts):
    with torch.inference_mode():
        return model.encode(texts, batch_size=16, convert_to_numpy=True, show_progress_bar=False).astype(numpy.float32)


def glosses():
    folder = pathlib.Path(os.environ.get("MOEPACK_WORDNET") or "/usr/share/wordnet")
    found = []
    for kind in ["adj", "adv", "noun", "verb"]:
        path = folder / f"data.{kind}"
        if not path.exists():
            sys.exit(f"error: there is no WordNet in `{folder}`\n\nhint: install the package wordnet-base, or name the directory in MOEPACK_WORDNET")
        found += [line.partition("| ")[2].strip() for line in path.read_text(encoding="latin-1").splitlines() if "| " in line]
    return found


def generate(count, seed, tokenizer, length):
    """Texts of 1 to `length` tokens, special ones apart, in even steps: glosses joined, then cut to words."""
    generator, material = random.Random(seed), glosses()
    for index in range(count):
        wanted = 1 + index * (length - 3) // max(1, count - 1)
        words = []
        while len(words) < wanted:
            words += generator.choice(material).split()
        start = generator.randrange(len(words) - wanted + 1)
        words = words[start : start + wanted]
        while len(words) > 1 and len(tokenizer.encode(" ".join(words), add_special_tokens=False)) > wanted:
            words.pop()
        # "the" is one token: the last text fills the backbone to its last position.
        yield " ".join(words if index < count - 1 else ["the"] * (length - 2))


def compare(options):
    folder = find_model(options.model)
    model, length = reference(folder)
    texts = list(generate(options.count, options.seed, model.tokenizer, length))
    with tempfile.TemporaryDirectory() as temporary:
        path = pathlib.Path(temporary) / "texts.jsonl"
        path.write_text("".join(json.dumps({"id": str(i), "text": text}, ensure_ascii=False) + "\n" for i, text in enumerate(texts)), encoding="utf-8")
        begun = time.monotonic()
        run = subprocess.run([*shlex.split(options.command), "--input", str(path)], stdout=subprocess.PIPE, check=False)
        print(f"`{options.command}` took {time.monotonic() - begun:.1f} s, exit code {run.returncode}")
        if run.returncode:
            return 1
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    if [line.get("id") for line in lines] != [str(index) for index in range(len(texts))]:
        print(f"expected {len(texts)} lines in order, got {len(lines)}")
        return 1
    expected = embed(model, texts)
    got = numpy.array([line["embedding"] for line in lines], dtype=numpy.float64)
    differences = numpy.abs(got - expected).max(axis=1)
    worst = int(differences.argmax())
    counts = sorted(line["tokens"] for line in lines)
    print(f"compared {len(texts)} texts of {counts[0]} to {counts[-1]} tokens, special ones included, seed {options.seed}; "
          f"sentence-transformers {sentence_transformers.__version__}, torch {torch.__version__}")
    print(f"largest difference {differences.max():.2e} (text {worst}), mean of the largest {differences.mean():.2e}, limit {LIMIT:.0e}")
    return 0 if differences.max() <= LIMIT else 1


def write_golden(options):
    folder = find_model(options.model)
    model, length = reference(folder)
    embeddings = embed(model, AUTHORED)
    lines = []
    for text, embedding in zip(AUTHORED, embeddings):
        count = len(model.tokenizer.encode(text, truncation=False))
        value = {"text": text, "tokens": count, "embedding": base64.b64encode(embedding.astype("<f4").tobytes()).decode()}
        lines.append("    " + json.dumps(value, ensure_ascii=False))
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    head = {"sentenceTransformers": sentence_transformers.__version__, "torch": torch.__version__,
            "weights": "sha256:" + digest, "maximumTokens": length}
    body = "".join(f"  {json.dumps(key)}: {json.dumps(value)},\n" for key, value in head.items())
    GOLDEN.write_text("{\n" + body + '  "texts": [\n' + ",\n".join(lines) + "\n  ]\n}\n", encoding="utf-8")
    print(f"wrote {len(lines)} texts, {GOLDEN.stat().st_size} bytes, to {GOLDEN.relative_to(ROOT)}")
    return 0


def main():
    parser = argparse.ArgumentParser(prog="embedding-parity")
    parser.add_argument("--model", help="directory with the backbone's files")
    parser.add_argument("--command", default=".build/release/moe-pack embed", help="what reads JSONL from `--input F`")
    parser.add_argument("--count", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--golden", action="store_true")
    options = parser.parse_args()
    return write_golden(options) if options.golden else compare(options)


if __name__ == "__main__":
    sys.exit(main())
