"""Writes the Unicode tables of the tokenizer, as the installed `tokenizers` library behaves.

    tools/reference/tokenizer-parity --tables

The library takes its Unicode data from several Rust crates of several ages (its general categories are
years older than its lower-casing), so no one version of Unicode describes it. Every table is therefore
read off the library itself, over all scalars, one stage at a time, and written as compact text.
"""

import sys

import tokenizers
from tokenizers import normalizers, pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
WHITE_SPACE = [9, 10, 11, 12, 13, 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
HANGUL = range(0xAC00, 0xAC00 + 11172)

clean = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
chinese = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=True, strip_accents=False, lowercase=False)
strip = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
lower = normalizers.Lowercase()
nfd = normalizers.NFD()
bert = pre_tokenizers.BertPreTokenizer()


def ranges(members):
    """Words `gap.length` in hexadecimal: scalars skipped since the last range, scalars in this one."""
    words, position, index = [], 0, 0
    members = sorted(members)
    while index < len(members):
        start = index
        while index + 1 < len(members) and members[index + 1] == members[index] + 1:
            index += 1
        words.append(f"{members[start] - position:x}.{index - start + 1:x}")
        position = members[index] + 1
        index += 1
    return words


def removed_scalars():
    result = []
    for c in SCALARS:
        text = clean.normalize_str(f"a{chr(c)}b")
        if text == "ab":
            result.append(c)
        elif c in WHITE_SPACE:
            assert text == "a b", hex(c)
        else:
            assert text == f"a{chr(c)}b", hex(c)
    return result


def chinese_scalars():
    result = []
    for c in SCALARS:
        text = chinese.normalize_str(f"a{chr(c)}b")
        if text == f"a {chr(c)} b":
            result.append(c)
        else:
            assert text == f"a{chr(c)}b", hex(c)
    return result


def punctuation_scalars():
    result, white_space = [], []
    for c in SCALARS:
        words = [word for word, _ in bert.pre_tokenize_str(f"a{chr(c)}b")]
        if words == ["a", chr(c), "b"]:
            result.append(c)
        elif words == ["a", "b"]:
            white_space.append(c)
        else:
            assert words == [f"a{chr(c)}b"], hex(c)
    assert white_space == WHITE_SPACE
    return result


def decompositions():
    result = {}
    for c in SCALARS:
        text = nfd.normalize_str(chr(c))
        if text == chr(c):
            continue
        if c in HANGUL:
            s = c - 0xAC00
            tail = [0x11A7 + s % 28] if s % 28 else []
            assert [ord(x) for x in text] == [0x1100 + s // 588, 0x1161 + s % 588 // 28, *tail], hex(c)
            continue
        assert "\0" not in text
        result[c] = [ord(x) for x in text]
    return result


def stripped_marks(decomposed):
    result = []
    for c in SCALARS:
        if c in decomposed or c in HANGUL:
            continue
        text = strip.normalize_str(f"a{chr(c)}b")
        if text == "ab":
            result.append(c)
        else:
            assert text == f"a{chr(c)}b", hex(c)
    return result


def combining_classes(decomposed):
    """The classes that make canonical reordering do what it does: found by sorting against marks of known class.

    Only the order of classes can be observed. The numbers are those of the known marks.
    """
    known = {1: 0x334, 7: 0x93C, 8: 0x3099, 9: 0x94D, 84: 0xC55, 91: 0xC56, 103: 0xE38, 107: 0xE48,
             118: 0xEB8, 122: 0xEC8, 129: 0xF71, 130: 0xF72, 132: 0xF74, 202: 0x321, 214: 0x1DCE, 216: 0x31B, 218: 0x302A,
             220: 0x316, 222: 0x59A, 224: 0x302E, 226: 0x1D16D, 228: 0x5AE, 230: 0x301, 232: 0x315, 233: 0x35C,
             234: 0x35D, 240: 0x345}
    known.update({k: 0x5B0 + k - 10 for k in range(10, 20)})
    known.update({19: 0x5B9, 20: 0x5BB, 21: 0x5BC, 22: 0x5BD, 23: 0x5BF, 24: 0x5C1, 25: 0x5C2, 26: 0xFB1E})
    known.update({k: 0x64B + k - 27 for k in range(27, 35)})
    known.update({35: 0x670, 36: 0x711})

    def sorts_before(x, y):
        """Whether `y x` is put into the order `x y`."""
        return x != y and nfd.normalize_str(f"a{chr(y)}{chr(x)}") == f"a{chr(x)}{chr(y)}"

    order = sorted(known)
    for a, b in zip(order, order[1:]):
        assert sorts_before(known[a], known[b]), (a, b)
    result = {}
    for c in SCALARS:
        if c in decomposed or c in HANGUL:
            continue
        if not sorts_before(c, known[240]) and not sorts_before(known[1], c):
            continue  # class 0, or a class beyond the ends, which no scalar has
        same = [k for k in order if not sorts_before(c, known[k]) and not sorts_before(known[k], c)]
        assert len(same) == 1, (hex(c), same)
        result[c] = same[0]
    return result


def class_words(classes):
    words, position, keys, index = [], 0, sorted(classes), 0
    while index < len(keys):
        start = index
        while index + 1 < len(keys) and keys[index + 1] == keys[index] + 1 and classes[keys[index + 1]] == classes[keys[start]]:
            index += 1
        words.append(f"{keys[start] - position:x}.{index - start + 1:x}.{classes[keys[start]]:x}")
        position = keys[index] + 1
        index += 1
    return words


def mapping_words(mapping):
    """Words `gap.scalar.scalar…`: scalars skipped since the last key, then what the key becomes."""
    words, position = [], 0
    for c in sorted(mapping):
        words.append(".".join(f"{x:x}" for x in [c - position, *mapping[c]]))
        position = c + 1
    return words


def literal(name, summary, words):
    lines, line = [], ""
    for word in words:
        if len(line) + 1 + len(word) > 94:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    body = "\n".join(f"    {x}" for x in [*lines, line])
    return f'  /// {summary}\n  static let {name}: StaticString = """\n{body}\n    """\n'


def main(path):
    decomposed = decompositions()
    lowercase = {c: [ord(x) for x in lower.normalize_str(chr(c))] for c in SCALARS if lower.normalize_str(chr(c)) != chr(c)}
    for c in lowercase:  # lower-casing looks at one scalar alone, wherever it stands
        assert lower.normalize_str(f"a{chr(c)} {chr(c)}b") == f"a{lower.normalize_str(chr(c))} {lower.normalize_str(chr(c))}b"
    parts = [
        literal("removed", "Scalars that cleaning removes: words `gap.length`.", ranges(removed_scalars())),
        literal("chinese", "Scalars that stand alone as CJK ideographs: words `gap.length`.", ranges(chinese_scalars())),
        literal("punctuation", "Scalars that stand alone as punctuation: words `gap.length`.", ranges(punctuation_scalars())),
        literal("marks", "Nonspacing marks that accent stripping removes: words `gap.length`.", ranges(stripped_marks(decomposed))),
        literal("combiningClasses", "Canonical combining classes but 0: words `gap.length.class`.", class_words(combining_classes(decomposed))),
        literal("decompositions", "Full canonical decompositions but Hangul's: words `gap.scalar.scalar…`.", mapping_words(decomposed)),
        literal("lowercase", "Lower-case mappings: words `gap.scalar.scalar…`.", mapping_words(lowercase)),
    ]
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            "// Generated by tools/reference/tokenizer_tables.py from the behaviour of `tokenizers` "
            f"{tokenizers.__version__}. Do not edit.\n\n"
            "/// The Unicode data of ``UnicodeTables`` as text; numbers are hexadecimal, and each gap counts the\n"
            "/// scalars since the last one named.\n"
            "enum UnicodeData {\n" + "\n".join(parts) + "}\n")


if __name__ == "__main__":
    main(sys.argv[1])
