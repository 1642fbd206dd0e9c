#!/usr/bin/env python3
"""Writes safetensors files, most of them wrong in some way, with the verdict of the reference library.

    safetensors-differential.py COUNT SEED > corpus.jsonl
    MOEPACK_SAFETENSORS_CORPUS=corpus.jsonl swift test -c release --filter SafeTensorsDifferentialTests

One JSON object a line: {"file": base64, "accepted": bool, "tensors": [[name, dtype, shape as text, sha256 of the
data], ...], "metadata": [[key, value], ...]}. The test holds our reader to it: nothing is accepted that
the reference refuses, and nothing is read otherwise. Needs Python's safetensors (0.8.0 made the sample).
"""
import base64
import hashlib
import json
import os
import random
import sys
import tempfile

from safetensors import deserialize, safe_open

SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1,
         "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1}
STRANGE_TYPES = ["f32", "F8_E4M3", "F8_E5M2", "F4", "C64", "F128", "", "F32 ", "\\u0046\\u0033\\u0032"]
NUMBERS = ["0", "1", "2", "8", "00", "01", "-0", "-1", "1.0", "8e0", "1E1", "4294967296",
           "9223372036854775807", "9223372036854775808", "18446744073709551615",
           "18446744073709551616", "99999999999999999999999", "null", "true", "\"1\"", "[]", "+1", ".5"]
NAMES = ["w", "layers.0.up.weight", "a/b", "a b", "", "__metadata__", "\\u0077", "\\/", "w\\n", "é",
         "e\u0301", "\u212a", "K", "\\ud83d\\ude00", "\\ud800", "x" * 256, "x" * 257, "\\u0000"]
SPACES = [" ", "\n", "\t", "\r", "  ", "\x0b", "\u00a0", "\ufeff"]
PIECES = ["{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\x00", "\x7f", "0", "null", "{}", ",,"]


def header(rng):
    """A header that is right, as a list of tokens, and the size of its data."""
    tokens, offset, count = ["{"], 0, rng.choice([0, 1, 1, 2, 3, 5])
    members = []
    for index in range(count):
        dtype = rng.choice(list(SIZES))
        shape = [rng.choice([0, 1, 1, 2, 3, 4]) for _ in range(rng.randrange(4))]
        size = SIZES[dtype]
        for extent in shape:
            size *= extent
        fields = [
            ["\"dtype\"", ":", f"\"{dtype}\""],
            ["\"shape\"", ":", "["] + joined([[str(extent)] for extent in shape]) + ["]"],
            ["\"data_offsets\"", ":", "[", str(offset), ",", str(offset + size), "]"]]
        if rng.random() < 0.3:
            rng.shuffle(fields)
        name = f"\"{rng.choice(['w', 'layers.0', 'a b'])}{index}\""
        members.append([name, ":", "{"] + joined(fields) + ["}"])
        offset += size
    if rng.random() < 0.3:
        pairs = [[f"\"{key}\"", ":", f"\"{rng.choice(['', 'text', 'é', 'a'])}\""]
                 for key in rng.sample(["format", "k", "é", "a\\u0062"], rng.randrange(3))]
        members.insert(rng.randrange(len(members) + 1), ["\"__metadata__\"", ":", "{"] + joined(pairs) + ["}"])
    if rng.random() < 0.3:
        rng.shuffle(members)
    return tokens + joined(members) + ["}"], offset


def joined(groups):
    result = []
    for index, group in enumerate(groups):
        result += ([","] if index else []) + group
    return result


def mutate_tokens(rng, tokens):
    kind = rng.randrange(9)
    at = rng.randrange(len(tokens))
    numbers = [i for i, token in enumerate(tokens) if token.isdigit()]
    strings = [i for i, token in enumerate(tokens) if token.startswith("\"")]
    if kind == 0 and numbers:
        tokens[rng.choice(numbers)] = rng.choice(NUMBERS)
    elif kind == 1 and strings:
        tokens[rng.choice(strings)] = f"\"{rng.choice(NAMES)}\""
    elif kind == 2 and strings:
        tokens[rng.choice(strings)] = f"\"{rng.choice(STRANGE_TYPES + list(SIZES))}\""
    elif kind == 3:
        tokens.insert(at, rng.choice(SPACES))
    elif kind == 4:
        tokens.insert(at, rng.choice(PIECES + tokens))
    elif kind == 5:
        del tokens[at]
        if not tokens:
            tokens.append("{")
    elif kind == 6:
        other = rng.randrange(len(tokens))
        tokens[at], tokens[other] = tokens[other], tokens[at]
    elif kind == 7:
        end = min(len(tokens), at + rng.randrange(1, 20))
        tokens[at:at] = tokens[at:end] + ([","] if rng.random() < 0.5 else [])
    elif kind == 8 and numbers:
        index = rng.choice(numbers)
        tokens[index] = str(max(0, int(tokens[index]) + rng.choice([-1, 1, 4, -4])))


def case(rng):
    tokens, size = header(rng)
    for _ in range(rng.choice([0, 0, 1, 1, 1, 2, 3])):
        mutate_tokens(rng, tokens)
    text = "".join(tokens).encode("utf-8", "surrogatepass")
    if rng.random() < 0.3:
        text += b" " * (-len(text) % 8)
    length = len(text)
    if rng.random() < 0.03:
        length = rng.choice([0, 1, length - 1, length + 1, length + 8, 1 << 32, (1 << 64) - 1])
    if rng.random() < 0.1:
        size = max(0, size + rng.choice([-1, 1, 4, 8]))
    bytes_ = bytearray(max(0, length).to_bytes(8, "little") + text + rng.randbytes(size))
    for _ in range(rng.choice([0, 0, 0, 0, 1, 2])):
        at = rng.randrange(len(bytes_))
        kind = rng.randrange(3)
        if kind == 0:
            bytes_[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            bytes_.insert(at, rng.randrange(256))
        else:
            del bytes_[at]
    return bytes(bytes_)


def verdict(data, path):
    """What the reference library says."""
    try:
        tensors = deserialize(data)
        with open(path, "wb") as file:
            file.write(data)
        with safe_open(path, framework="np") as opened:
            metadata = opened.metadata() or {}
    except Exception:
        return {"accepted": False}
    return {
        "accepted": True,
        "tensors": sorted([name, info["dtype"], str(info["shape"]),
                           hashlib.sha256(bytes(info["data"])).hexdigest()] for name, info in tensors),
        "metadata": sorted([key, value] for key, value in metadata.items())}


def main():
    count, rng = int(sys.argv[1]), random.Random(int(sys.argv[2]))
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "x.safetensors")
        for _ in range(count):
            data = case(rng)
            line = {"file": base64.b64encode(data).decode(), **verdict(data, path)}
            print(json.dumps(line, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
