"""Records what `tokenizers` gives for the byte-pair tokenizers of `byte_pair_tokenizers.py`, for the Swift tests."""

import argparse
import json
import pathlib
import random
import shutil

import tokenizers

from byte_pair_tokenizers import BYTES, KINDS, added_tokens
from tokenizer_texts import ENDINGS, STEMS, Texts

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "Tests/MoEModelTests/Tokenizer/Golden/BytePair"


def code_lines():
    return [line for name in ["byte_pair_tokenizers.py", "byte_pair_parity.py", "tokenizer_texts.py"]
            for line in (pathlib.Path(__file__).parent / name).read_text(encoding="utf-8").split("\n")]


class MoreTexts(Texts):
    """Also texts that tell the split patterns apart."""

    def __init__(self, seed, added, short=False):
        super().__init__(seed, short=short)
        self.added, self.code = added, code_lines()

    def numbers(self):
        digits = "0123456789٣४๓²½Ⅷ〇１"
        return "".join(self.random.choice(["", " ", ",", ".", "a", "-"]) + "".join(self.random.choice(digits) for _ in range(self.random.randint(1, 9)))
                       for _ in range(self.length(12)))

    def contractions(self):
        parts = ["'s", "'S", "'t", "'re", "'RE", "'Ve", "'m", "'ll", "'LL", "'lL", "'d", "'ſ", "''s", "’s", "'r", "'v", "'l", "'x", "'", " 's", "\n's"]
        return "".join(self.word() + self.random.choice(parts) + self.random.choice(["", " ", "\r\n", "1"]) for _ in range(self.length(10)))

    def spaces(self):
        return "".join(self.random.choice([" ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "\u2028", "\x0b", "\x85", self.word(), "!", "9"]) for _ in range(self.length(30)))

    def added_in_text(self):
        return "".join(self.random.choice([*self.added, " ", "  ", self.word(), "▁", "é", "<", ">", "|", "\n", "1", "_", "\u0301"]) for _ in range(self.length(16)))

    def source_code(self):
        start = self.random.randrange(len(self.code))
        return "\n".join(self.code[start : start + self.length(6)])

    def long_word(self):
        return "".join(self.random.choice(self.words) for _ in range(self.random.randint(10, 20 if self.short else 200)))

    def byte_tokens(self):
        return "".join(self.random.choice([*BYTES[:3], "<0xE4>", "<0x", "▁", " ", "\u2581\u2581", self.word()]) for _ in range(self.length(10)))

    def many(self, count):
        own = [self.numbers, self.contractions, self.spaces, self.added_in_text, self.source_code, self.long_word, self.byte_tokens]
        texts = super().many(count * 18 // (18 + len(own)))
        while len(texts) < count:
            texts.append(own[len(texts) % len(own)]())
        return texts


def record(tokenizer, text, ids=None):
    """What the library makes of a text, and of its ids or some others."""
    line = {"text": text, "ids": tokenizer.encode(text).ids}
    bare = tokenizer.encode(text, add_special_tokens=False).ids
    if any(token in text for token in added_tokens(tokenizer)):
        tokenizer.encode_special_tokens = True
        plain = tokenizer.encode(text, add_special_tokens=False).ids
        tokenizer.encode_special_tokens = False
        if plain != bare:
            line["plain"] = plain
    if ids is not None:
        line["ids2"] = ids
    decoded = ids if ids is not None else line["ids"]
    line["decoded"] = tokenizer.decode(decoded, skip_special_tokens=False)
    skipping = tokenizer.decode(decoded, skip_special_tokens=True)
    if skipping != line["decoded"]:
        line["skipping"] = skipping
    return line


def corpus():
    made = Texts(7)
    return [stem + " " + stem + ending for stem in STEMS for ending in ENDINGS] + code_lines() + [made.punctuated() for _ in range(300)] + [made.mixed() for _ in range(200)]


def write(folder, size, count, seed, short):
    shutil.rmtree(folder, ignore_errors=True)
    texts = corpus()
    for name, make in KINDS.items():
        tokenizer = make(texts, size)
        value = json.loads(tokenizer.to_str())
        if name in ("granite", "mixtral"):  # the older way to write merges
            value["model"]["merges"] = [" ".join(pair) for pair in value["model"]["merges"]]
        (folder / name).mkdir(parents=True)
        path = folder / name / "tokenizer.json"
        path.write_text(json.dumps(value, ensure_ascii=name == "qwen", separators=(",", ":")) + "\n", encoding="utf-8")
        tokenizer = tokenizers.Tokenizer.from_file(str(path))
        made = MoreTexts(seed, added_tokens(tokenizer), short=short)
        chosen = random.Random(seed)
        lines = made.many(count)
        if not short:
            lines += [unit * times for unit, times in made.long()] + [unit * times for unit, times in made.edges()]
        with open(folder / name / "encodings.jsonl", "w", encoding="utf-8", newline="\n") as file:
            for index, text in enumerate(lines):
                ids = None
                if index % 4 == 0:  # ids in no sensible order, that are no text's
                    ids = [chosen.randrange(tokenizer.get_vocab_size() + 2) for _ in range(chosen.randint(1, 20))]
                file.write(json.dumps(record(tokenizer, text, ids), separators=(",", ":")) + "\n")
        print(f"{name}: {tokenizer.get_vocab_size()} tokens, {len(lines)} texts", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="byte-pair-parity")
    parser.add_argument("--golden", action="store_true", help="write the golden files of the tests")
    parser.add_argument("--output", type=pathlib.Path, help="where the recordings of a long comparison go")
    parser.add_argument("--count", type=int, default=20_000, help="texts of each kind")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.golden:
        write(GOLDEN, 600, 75, 3, short=True)
        (GOLDEN / "recording.json").write_text(json.dumps({"tokenizers": tokenizers.__version__, "kinds": list(KINDS)}, indent=2) + "\n")
    else:
        write(options.output, 4000, options.count, options.seed, short=False)


if __name__ == "__main__":
    main()
