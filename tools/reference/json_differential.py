#!/usr/bin/env python3
"""Writes JSON documents, most of them wrong in some way, with the verdict of Python's json.

    json_differential.py COUNT SEED > corpus.jsonl
    MOEPACK_JSON_CORPUS=corpus.jsonl swift test -c release --filter JSONDifferentialTests

One JSON object a line: {"document": base64, "meaning": text or null}. The meaning spells the value without
any choice: strings in hexadecimal, numbers by their bits; only its SHA-256 is written. It is null where
Python refuses the document, or where it accepts what SPEC does not: a byte order mark, bytes that are
not UTF-8, halves of surrogate pairs, a key twice, NaN and infinities, whole numbers beyond 64 bits, numbers that
overflow, and nesting beyond 32. The test holds our parser to the same verdict and the same value.
"""
import base64
import hashlib
import json
import random
import struct
import sys

STRINGS = ["", "a", "key", "é", "e\u0301", "\u212b", "\u00c5", "😀", "\u2028", "\x7f", "\ufeff", "ﬁ", "0"]
ESCAPES = ["\\n", "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\r", "\\t", "\\u0041", "\\u00e9", "\\u0000",
           "\\ud83d\\ude00", "\\uD83D\\uDE00", "\\ud800", "\\udc00", "\\ud83d", "\\ud83d\\u0041", "\\ude00\\ud83d",
           "\\ud800\\ud800", "\\u00", "\\u00g0", "\\x41", "\\U0041", "\\'", "\\", "\\u 041", "\\u+041", "\\a"]
NUMBERS = ["0", "-0", "1", "-1", "10", "0.0", "-0.0", "1.5", "1e2", "1E+2", "1e-2", "1.5e3", "123456789012345678",
           "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
           "1e308", "1.8e308", "1e309", "-1e400", "1e-400", "5e-324", "2e-324", "0.1", "0.30000000000000004",
           "1" * 19, "1" * 20, "0." + "1" * 30, "1e00", "1e+0", "0e0", "1E400"]
WRONG_NUMBERS = ["01", "-01", "00", "+1", ".5", "1.", "1.e2", "-", "--1", "1e", "1e+", "1e1.5", "0x10", "1_000",
                 "NaN", "Infinity", "-Infinity", "nan", "1,5", "٣", "1٣", "- 1", "1 e2"]
WORDS = ["true", "false", "null", "True", "nul", "truefalse", "TRUE", "None", "undefined"]
PIECES = [b"{", b"}", b"[", b"]", b",", b":", b"\"", b"\\", b"\x00", b"\x01", b"\x1f", b"\x0b", b"\x0c", b"\xa0",
          b"\xc2\xa0", b"\xef\xbb\xbf", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82",
          b"\xf0\x9f\x98", b"'", b"/", b"/* */", b"//", b"#", b"0", b"e", b"-", b" ", b"\t", b"\r\n", b"\n"]
SPACES = ["", "", "", " ", "\n", "\t", "\r", "  "]


def string(rng):
    text = "".join(
        rng.choice(ESCAPES[:12]) if rng.random() < 0.15 else
        rng.choice(ESCAPES) if rng.random() < 0.03 else rng.choice(STRINGS)
        for _ in range(rng.choice([0, 1, 1, 2, 3])))
    return f"\"{text}\""


def value(rng, depth):
    kind = rng.random()
    if depth > 3 or kind < 0.25:
        return rng.choice(WRONG_NUMBERS) if rng.random() < 0.04 else rng.choice(NUMBERS)
    if kind < 0.4:
        return rng.choice(WORDS) if rng.random() < 0.06 else rng.choice(WORDS[:3])
    if kind < 0.6:
        return string(rng)
    count = rng.choice([0, 1, 2, 2, 3])
    space = lambda: rng.choice(SPACES)
    if kind < 0.8:
        inner = ",".join(space() + value(rng, depth + 1) + space() for _ in range(count))
        return "[" + (inner or space()) + "]"
    inner = ",".join(
        space() + string(rng) + space() + ":" + space() + value(rng, depth + 1) + space() for _ in range(count))
    return "{" + (inner or space()) + "}"


def document(rng):
    kind = rng.random()
    if kind < 0.02:
        depth = rng.choice([30, 31, 32, 33, 34, 100])
        opening = [rng.choice(["[", "{\"a\":"]) for _ in range(depth)]
        closing = ["]" if piece == "[" else "}" for piece in reversed(opening)]
        return ("".join(opening) + "1" + "".join(closing)).encode()
    text = rng.choice(SPACES) + value(rng, 0) + rng.choice(SPACES)
    if kind < 0.04:
        return text.encode(rng.choice(["utf-16", "utf-16-le", "utf-32", "utf-8-sig"]))
    data = bytearray(text.encode())
    for _ in range(rng.choice([0, 0, 0, 0, 1, 1, 2])):
        place = rng.randrange(len(data) + 1)
        match rng.randrange(4):
            case 0:
                data[place:place] = rng.choice(PIECES)
            case 1:
                del data[place:place + rng.choice([1, 1, 2, 5])]
            case 2:
                data[place:place + 1] = rng.choice(PIECES)
            case 3:
                del data[place:]
    return bytes(data)


class Refused(Exception):
    pass


def refuse(reason):
    raise Refused(reason)


def whole(text):
    number = int(text) if len(text) <= 400 else refuse("long")
    return number if -2**63 <= number < 2**63 else refuse("beyond 64 bits")


def decimal(text):
    number = float(text) if len(text) <= 400 else refuse("long")
    return number if abs(number) != float("inf") else refuse("overflow")


def members(pairs):
    keys = [key for key, _ in pairs]
    return ("object", pairs) if len(set(keys)) == len(keys) else refuse("a key twice")


def spelling(value, depth):
    match value:
        case None | True | False:
            return json.dumps(value)
        case int():
            return f"i{value}"
        case float():
            return "d" + struct.pack(">d", value).hex()
        case str():
            return "s" + value.encode().hex()  # halves of surrogate pairs raise UnicodeEncodeError
        case _ if depth == 32:
            refuse("deep")
        case list():
            return "[" + "".join(spelling(element, depth + 1) + "," for element in value) + "]"
        case ("object", pairs):
            return "{" + "".join(
                spelling(key, depth) + ":" + spelling(element, depth + 1) + "," for key, element in pairs) + "}"


def meaning(data):
    try:
        parsed = json.loads(
            data.decode(), parse_int=whole, parse_float=decimal, parse_constant=refuse,
            object_pairs_hook=members)
        return hashlib.sha256(spelling(parsed, 0).encode()).hexdigest()
    except (ValueError, Refused, RecursionError):
        return None


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(seed)
    for _ in range(count):
        data = document(rng)
        print(json.dumps({"document": base64.b64encode(data).decode(), "meaning": meaning(data)},
                         separators=(",", ":")))


if __name__ == "__main__":
    main()
