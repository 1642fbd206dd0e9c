"""Writes the Unicode tables of the tokenizer, as the installed `tokenizers` library behaves.

    tools/reference/tokenizer-parity --tables

The library takes its Unicode data from several Rust crates of several ages (its general categories are
years older than its lower-casing, its regular expressions follow a third), so no one version of Unicode
describes it. Every table is therefore read off the library itself, over all scalars, one stage at a time, and
written as compact text.
"""

import pathlib
import sys

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
WHITE_SPACE = [9, 10, 11, 12, 13, 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
HANGUL = range(0xAC00, 0xAC00 + 11172)

clean = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
chinese = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=True, strip_accents=False, lowercase=False)
strip = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
lower = normalizers.Lowercase()
nfd = normalizers.NFD()
nfc = normalizers.NFC()
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


def scalars_of(expression):
    """The scalars that a regular expression of one scalar matches."""
    splitter = pre_tokenizers.Split(Regex(expression), "isolated")
    return [c for c in SCALARS if len(splitter.pre_tokenize_str(f"\x01{chr(c)}\x01")) == 3]


def numeric_scalars():
    """What `Digits` takes for a digit."""
    splitter = pre_tokenizers.Digits(individual_digits=True)
    return [c for c in SCALARS if len(splitter.pre_tokenize_str(f"\x01{chr(c)}\x01")) == 3]


def added_token_ids(text, **settings):
    tokenizer = Tokenizer(models.BPE(vocab={"<unk>": 0}, merges=[], unk_token="<unk>"))
    tokenizer.add_special_tokens([AddedToken("<x>", normalized=False, **settings)])
    return lambda c: tokenizer.encode(text.replace("?", chr(c))).ids


def word_scalars():
    """The scalars beside which a token of `single_word` is none."""
    before, after = added_token_ids("?<x>", single_word=True), added_token_ids("<x>?", single_word=True)
    result = [c for c in SCALARS if before(c)[-1] == 0]
    assert result == [c for c in SCALARS if after(c)[0] == 0]
    return result


def check_white_space():
    """Expressions and added tokens mean the same white space."""
    assert scalars_of(r"\s") == WHITE_SPACE
    before, after = added_token_ids("?<x>", lstrip=True), added_token_ids("<x>?", rstrip=True)
    assert [c for c in SCALARS if len(before(c)) == 1] == WHITE_SPACE
    assert [c for c in SCALARS if len(after(c)) == 1] == WHITE_SPACE


def check_letter_case():
    """The letters of the contractions have no other cases than these."""
    for letter in "strevmld":
        assert {chr(c) for c in scalars_of(f"(?i:{letter})")} == {letter, letter.upper()} | ({"\u017f"} if letter == "s" else set())


def excluded_compositions(decomposed):
    """The scalars with a decomposition that is not composed again; the others are checked."""
    excluded = [c for c in decomposed if nfc.normalize_str(chr(c)) != chr(c)]
    pairs = {}
    for c in sorted(decomposed, key=lambda c: len(decomposed[c])):
        if c in excluded:
            continue
        *first, last = decomposed[c]
        if len(first) > 1:
            first = [pairs[x] for x in [tuple(first)] if x in pairs]
        assert len(first) == 1, hex(c)
        assert nfc.normalize_str(chr(first[0]) + chr(last)) == chr(c), hex(c)
        assert tuple(decomposed[c]) not in pairs, hex(c)
        pairs[tuple(decomposed[c])] = c
    return excluded


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


def write(path, head, parts):
    note = f"// Generated by tools/reference/tokenizer_tables.py from the behaviour of `tokenizers` {tokenizers.__version__}. Do not edit.\n\n"
    path.write_text(note + head + "\n".join(parts) + "}\n", encoding="utf-8")


def main(folder):
    folder = pathlib.Path(folder)
    decomposed = decompositions()
    lowercase = {c: [ord(x) for x in lower.normalize_str(chr(c))] for c in SCALARS if lower.normalize_str(chr(c)) != chr(c)}
    for c in lowercase:  # lower-casing looks at one scalar alone, wherever it stands
        assert lower.normalize_str(f"a{chr(c)} {chr(c)}b") == f"a{lower.normalize_str(chr(c))} {lower.normalize_str(chr(c))}b"
    write(folder / "UnicodeData.swift",
          "/// The Unicode data of ``UnicodeTables`` and ``ScalarClasses`` as text; numbers are hexadecimal, and each\n"
          "/// gap counts the scalars since the last one named.\n"
          "enum UnicodeData {\n", [
              literal("removed", "Scalars that cleaning removes: words `gap.length`.", ranges(removed_scalars())),
              literal("chinese", "Scalars that stand alone as CJK ideographs: words `gap.length`.", ranges(chinese_scalars())),
              literal("punctuation", "Scalars that stand alone as punctuation: words `gap.length`.", ranges(punctuation_scalars())),
              literal("marks", "Nonspacing marks that accent stripping removes: words `gap.length`.", ranges(stripped_marks(decomposed))),
              literal("combiningClasses", "Canonical combining classes but 0: words `gap.length.class`.", class_words(combining_classes(decomposed))),
          ])
    write(folder / "UnicodeData+Decompositions.swift", "extension UnicodeData {\n", [
        literal("decompositions", "Full canonical decompositions but Hangul's: words `gap.scalar.scalar…`.", mapping_words(decomposed)),
        literal("excludedCompositions", "Scalars that decompose and are not composed again: words `gap.length`.", ranges(excluded_compositions(decomposed))),
    ])
    write(folder / "UnicodeData+Lowercase.swift", "extension UnicodeData {\n", [
        literal("lowercase", "Lower-case mappings: words `gap.scalar.scalar…`.", mapping_words(lowercase)),
    ])
    check_white_space()
    check_letter_case()
    write(folder / "UnicodeData+Classes.swift", "extension UnicodeData {\n", [
        literal("letters", r"Scalars that `\p{L}` matches: words `gap.length`.", ranges(scalars_of(r"\p{L}"))),
        literal("numbers", r"Scalars that `\p{N}` matches: words `gap.length`.", ranges(scalars_of(r"\p{N}"))),
        literal("decimals", r"Scalars that `\d` matches: words `gap.length`.", ranges(scalars_of(r"\d"))),
        literal("numerics", "Scalars that `Digits` splits off: words `gap.length`.", ranges(numeric_scalars())),
        literal("wordScalars", "Scalars beside which a token of `single_word` is none: words `gap.length`.", ranges(word_scalars())),
    ])


if __name__ == "__main__":
    main(sys.argv[1])
