"""Runs the comparison of `tokenizer-parity`, or writes the golden files of the tokenizer's tests."""

import argparse
import collections
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time

import tokenizers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from tokenizer_texts import CASES, COMPOSED, EMOJI, ENDINGS, FAR_EAST, MARKS, RIGHT_TO_LEFT, SPECIALS, STEMS, Texts

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "Tests/MoEModelTests/Tokenizer/Golden"
GOLDEN_LENGTH = 64


def find_model(named):
    if named or os.environ.get("MOEPACK_BACKBONE_DIR"):
        return pathlib.Path(named or os.environ["MOEPACK_BACKBONE_DIR"])
    data = pathlib.Path(os.environ.get("XDG_DATA_HOME") or pathlib.Path.home() / ".local/share")
    found = sorted(data.glob("moe-pack/backbones/*/tokenizer.json"))
    if not found:
        sys.exit("error: no backbone is registered, and neither `--model DIR` nor `MOEPACK_BACKBONE_DIR` names one\n\n"
                 "hint: `--model` takes the directory that holds `tokenizer.json`")
    return found[0].parent


def reference(path, length):
    """The library's tokenizer, whole and cut to `length`."""
    whole = Tokenizer.from_file(str(path))
    whole.no_padding()
    whole.no_truncation()
    cut = Tokenizer.from_file(str(path))
    cut.no_padding()
    cut.enable_truncation(max_length=length)
    return whole, cut


def texts_in(folder):
    for path in sorted(pathlib.Path(folder).rglob("*.jsonl")):
        for line in path.read_bytes().split(b"\n"):
            if line.strip():
                value = json.loads(line)
                if isinstance(value, dict) and isinstance(value.get("text"), str):
                    yield value["text"]


def compare(options):
    folder = find_model(options.model)
    length = json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"]
    whole, cut = reference(folder / "tokenizer.json", length)
    made = Texts(options.seed, sorted(w for w in whole.get_vocab() if not w.startswith("##")))
    texts = [text * count for text, count in made.edges() + made.long()]
    texts += made.many(options.count - len(texts))
    if options.all_scalars:
        texts += [f"x{chr(c)}y {chr(c)}" for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    for data in options.data:
        texts += texts_in(data)
    print(f"{len(texts)} texts, {sum(map(len, texts))} characters, seed {options.seed}; tokenizers {tokenizers.__version__}")
    with tempfile.TemporaryDirectory() as temporary:
        path = pathlib.Path(temporary) / "texts.jsonl"
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            for index, text in enumerate(texts):
                file.write(json.dumps({"id": str(index), "text": text}, ensure_ascii=False) + "\n")
        begun = time.monotonic()
        run = subprocess.run([*shlex.split(options.command), "--input", str(path)], stdout=subprocess.PIPE, check=False)
        print(f"`{options.command}` took {time.monotonic() - begun:.1f} s, exit code {run.returncode}")
        if run.returncode:
            return 1
    results = [json.loads(line) for line in run.stdout.split(b"\n") if line]
    differences, tokens, truncated = abs(len(results) - len(texts)), 0, 0
    for start in range(0, len(texts), 4096):
        part = texts[start : start + 4096]
        for index, (full, short) in enumerate(zip(whole.encode_batch(part), cut.encode_batch(part)), start):
            if index >= len(results):
                break
            expected = {"id": str(index), "tokens": short.ids, "truncated": len(full.ids) > length}
            got = {key: results[index].get(key) for key in expected}
            tokens += len(short.ids)
            truncated += expected["truncated"]
            if got != expected:
                differences += 1
                if differences <= 10:
                    print(f"differs: {texts[index][:200]!a}\n  expected {expected}\n  got      {got}"[:2000])
    print(f"compared {len(texts)} texts, {tokens} tokens, {truncated} texts truncated: {differences} differences")
    return 1 if differences else 0


def make_small(path, size=2000):
    """A small tokenizer with the settings of BERT; its pieces are the commonest of words made up here."""
    small = Tokenizer(models.WordPiece(vocab={"[UNK]": 0}, unk_token="[UNK]", max_input_chars_per_word=100))
    small.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True)
    small.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made = Texts(7)
    corpus = [stem + ending for stem in STEMS for ending in ENDINGS] + [made.punctuated() for _ in range(300)]
    pieces = collections.Counter()
    for text in corpus:
        for word, _ in small.pre_tokenizer.pre_tokenize_str(small.normalizer.normalize_str(text)):
            for start in range(len(word)):
                for end in range(start + 2, min(len(word), start + 9) + 1):
                    pieces[("##" if start else "") + word[start:end]] += 1
    alphabet = {c for text in [*corpus, *RIGHT_TO_LEFT, *FAR_EAST, *CASES, *COMPOSED, *EMOJI[:8], *MARKS] for c in small.normalizer.normalize_str(text) if c != " "}
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(alphabet), *sorted("##" + c for c in alphabet if c.isalnum() or ord(c) > 0x2FF)]
    tokens += sorted(sorted(pieces), key=lambda piece: -pieces[piece])[: size - len(tokens)]
    small.model = models.WordPiece(vocab={token: index for index, token in enumerate(tokens)}, unk_token="[UNK]", max_input_chars_per_word=100)
    small.add_special_tokens(SPECIALS)
    small.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, small.token_to_id(token)) for token in ["[CLS]", "[SEP]"]])
    value = json.loads(small.to_str())
    value["model"]["vocab"] = {token: index for index, token in enumerate(tokens)}
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def scalar_digest(settings):
    """SHA-256 over the words of texts that hold every scalar, 256 to a text, in three surroundings."""
    normalizer, splitter = normalizers.BertNormalizer(**settings), pre_tokenizers.BertPreTokenizer()
    digest = hashlib.sha256()
    for start in range(0, 0x110000, 256):
        text = " ".join(f"{chr(c)} a{chr(c)}b A\u08d4{chr(c)}\u1dfb\U0001e94a\U0001d165Z"
                        for c in range(start, start + 256) if not 0xD800 <= c < 0xE000)
        for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text)):
            digest.update(word.encode("utf-8") + b"\n")
    return digest.hexdigest()


def write_golden(options):
    GOLDEN.mkdir(parents=True, exist_ok=True)
    make_small(GOLDEN / "tokenizer.json")
    folder = find_model(options.model)
    small, small_cut = reference(GOLDEN / "tokenizer.json", GOLDEN_LENGTH)
    real, real_cut = reference(folder / "tokenizer.json", GOLDEN_LENGTH)
    made = Texts(3, short=True)
    lines = [({"text": text, **({"repeat": count} if count > 1 else {})}, text * count) for text, count in made.edges() + made.long()]
    lines += [({"text": text}, text) for text in made.many(612)]
    for _ in range(40):
        broken = made.broken_bytes()
        lines.append(({"utf8": broken.hex()}, broken.decode("utf-8", "replace")))
    with open(GOLDEN / "encodings.jsonl", "w", encoding="utf-8", newline="\n") as file:
        for line, text in lines:
            line |= {"ids": small_cut.encode(text).ids, "count": len(small.encode(text).ids),
                     "backboneIDs": real_cut.encode(text).ids, "backboneCount": len(real.encode(text).ids)}
            file.write(json.dumps(line, separators=(",", ":")) + "\n")
    flags = ["clean_text", "handle_chinese_chars", "strip_accents", "lowercase"]
    combinations = [(True, True, True, True), (True, True, False, False), (False, False, False, True), (False, True, True, False)]
    scalars = [{**dict(zip(flags, values)), "sha256": scalar_digest(dict(zip(flags, values)))} for values in combinations]
    value = {"tokenizers": tokenizers.__version__, "maximumLength": GOLDEN_LENGTH,
             "backboneTokenizer": "sha256:" + hashlib.sha256((folder / "tokenizer.json").read_bytes()).hexdigest(), "scalars": scalars}
    (GOLDEN / "recording.json").write_text(json.dumps(value, indent=2) + "\n")
    print(f"wrote {len(lines)} texts and {len(scalars)} digests to {GOLDEN.relative_to(ROOT)}")
    return 0


def main():
    parser = argparse.ArgumentParser(prog="tokenizer-parity")
    parser.add_argument("--model", help="directory with tokenizer.json and sentence_bert_config.json")
    parser.add_argument("--command", default=".build/release/moe-pack tokenize", help="what reads JSONL from `--input F`")
    parser.add_argument("--count", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", action="append", default=[], help="a folder of JSONL files with texts to add")
    parser.add_argument("--all-scalars", action="store_true", help="add two texts' worth of every scalar")
    parser.add_argument("--golden", action="store_true")
    options = parser.parse_args()
    return write_golden(options) if options.golden else compare(options)


if __name__ == "__main__":
    sys.exit(main())
