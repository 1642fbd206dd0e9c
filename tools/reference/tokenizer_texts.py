"""Seeded adversarial texts for the tokenizer, as many as asked for."""

import itertools
import random
import unicodedata

SPECIALS = ["[CLS]", "[SEP]", "[MASK]", "[UNK]", "[PAD]"]
NEAR_SPECIALS = ["[cls]", "[CLS", "CLS]", "[ CLS ]", "[[CLS]]", "[MASK][MASK]", "[C\u200bLS]", "[CLS\u0301]", "##ing", "[unused1]", "[ＣＬＳ]"]
WHITE_SPACE = "\t\n\v\f\r \x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\u180e\u200b\ufeff"
CONTROLS = [chr(c) for c in [*range(32), *range(0x7F, 0xA0), 0xAD, 0x34F, 0x61C, *range(0x200B, 0x2010), *range(0x202A, 0x202F),
                              *range(0x2060, 0x2070), 0xFEFF, *range(0xFFF9, 0xFFFE), 0xE0001, *range(0xE0020, 0xE0080), 0x110BD, 0x110CD, 0x13430]]
EMOJI = ["👨‍👩‍👧‍👦", "👩🏽‍🚀", "🏳️‍🌈", "🇸🇬", "🇩🇪🇫🇷", "1️⃣", "#️⃣", "☠️", "❤️‍🔥", "🧑🏿‍🤝‍🧑🏻", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "😀", "🫠", "⚓", "⛵️", "©️", "™"]
RIGHT_TO_LEFT = ["שָׁלוֹם", "עולם", "السَّلَامُ", "عَلَيْكُم", "سفينة", "لا", "ﷺ", "ﻼ", "۱۲۳", "\u202eabc\u202c", "\u2067x\u2069", "פ״ק"]
FAR_EAST = ["船", "海事法院", "契約", "ｶﾀｶﾅ", "カタカナ", "が", "ひらがな", "漢字かな交じり", "한국어", "가각힣", "ᄒ\u1161ᆫ", "豈", "更", "𠀀𠀁", "𪜀", "𫝀", "𫠠", "\U0002b81d", "\U0002ceb0", "\U00030000", "〇", "々", "丽", "，。！？", "「」", "ㄅㄆ", "㈱"]
CASES = ["İstanbul", "ISTANBUL", "ıI", "ẞ", "straße", "ΣΊΣΥΦΟΣ", "ΟΔΥΣΣΕΥΣ", "Ǆ", "ǅ", "Ⅷ", "Ⓐ", "ﬁ", "ﬄ", "Å", "K", "Ω", "ꭰ", "Ꭰ", "ᲀ", "Ა", "ა", "Ꙁ", "Ɤ", "Ɪ", "\U00010d50", "\u1c89", "\ua7dc"]
COMPOSED = ["é", "e\u0301", "ệ", "e\u0323\u0302", "e\u0302\u0323", "ǖ", "ṩ", "s\u0307\u0323", "\u0344", "ﬀ\u0301", "\u212b", "가\u0301", "क़", "ড়", "ਖ਼", "ཱི", "\u0f73", "\u1e9b\u0323", "≠", "≮", "\u1fef", "\u037e", "\u2126", "\U0001d15e", "\U0001d1bc", "\ufb2a", "ä", "ñandú", "Ðþ", "øØ", "ł"]
MARKS = [chr(c) for c in [*range(0x300, 0x370), *range(0x483, 0x488), *range(0x591, 0x5C8), *range(0x64B, 0x660), 0x93C, 0x94D, 0xE38, 0xF71, 0xF72,
                          *range(0x8D3, 0x900), *range(0x1AB0, 0x1ACF), *range(0x1DC0, 0x1E00), *range(0x20D0, 0x20F1), 0x302A, 0x302E, 0x302F, 0x3099, 0x309A,
                          0xFE20, 0x1D165, 0x1D166, 0x1D16D, 0x1D16E, 0x1D17B, 0x11442, 0x1E8D0, 0x1E94A, 0x16FF0, 0x10F46, 0x34F]]
ASSIGNED = [c for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")]
STEMS = "ship cargo charter freight salvage anchor harbour vessel lien claim notice breach consent record transfer contract purpose officer access erase port crew master pilot tug hull engine deck cable wreck collision damage delay hire owner court arrest bond judge appeal".split()
ENDINGS = ["", "s", "ed", "ing", "er", "ers", "ment", "less", "ness", "able", "ly", "'s", "-", "ation", "ism", "ful"]


class Texts:
    """Makes texts; `words` are words of the vocabulary under test, `shortest` keeps them small."""

    def __init__(self, seed, words=(), short=False):
        self.random = random.Random(seed)
        self.words = list(words) or STEMS
        self.short = short

    def length(self, most):
        return self.random.randint(1, min(most, 24) if self.short else most)

    def pick(self, values, most):
        return [self.random.choice(values) for _ in range(self.length(most))]

    def scalar(self):
        kind = self.random.random()
        if kind < 0.5:
            return chr(self.random.choice(ASSIGNED))
        if kind < 0.7:
            return chr(self.random.randrange(0xD800))
        while True:
            c = self.random.randrange(0x110000)
            if not 0xD800 <= c < 0xE000:
                return chr(c)

    def word(self):
        if self.random.random() < 0.5:
            return self.random.choice(self.words)
        word = self.random.choice(STEMS) + self.random.choice(ENDINGS)
        return self.random.choice([word, word.upper(), word.title()])

    def random_scalars(self):
        return "".join(self.scalar() for _ in range(self.length(60)))

    def scalars_in_words(self):
        return " ".join(self.word()[: self.random.randint(0, 5)] + self.scalar() + self.word()[:4] for _ in range(self.length(12)))

    def plain_words(self):
        return " ".join(self.word() for _ in range(self.length(60)))

    def joined_words(self):
        return "".join(self.word() for _ in range(self.length(6)))

    def punctuated(self):
        signs = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~¡§¶«»¿–—‘’“”„…‰※€£¥©®°±×÷·¸´^`~⁂⸮⹀"
        return "".join(self.word() + self.random.choice(signs) * self.random.choice([0, 1, 1, 3]) + self.random.choice(["", " "]) for _ in range(self.length(20)))

    def marks(self):
        return "".join(self.random.choice("aeiousnAEIOU가क중 ") + "".join(self.random.choice(MARKS) for _ in range(self.random.randint(0, 6))) for _ in range(self.length(14)))

    def only_marks(self):
        return "".join(self.pick(MARKS, 30))

    def composed(self):
        return self.random.choice(["", " "]).join(self.pick(COMPOSED + CASES, 16))

    def emoji(self):
        return "".join(self.random.choice(EMOJI + [self.word(), " "]) for _ in range(self.length(14)))

    def right_to_left(self):
        return self.random.choice(["", " "]).join(self.pick(RIGHT_TO_LEFT + [self.word()], 12))

    def far_east(self):
        return "".join(self.random.choice(FAR_EAST + [self.word(), "\u0301"]) for _ in range(self.length(14)))

    def controls(self):
        return "".join(self.word()[:3] + self.random.choice(CONTROLS) for _ in range(self.length(16)))

    def white_space(self):
        return "".join(self.word() + "".join(self.random.choice(WHITE_SPACE) for _ in range(self.random.randint(1, 3))) for _ in range(self.length(12)))

    def specials(self):
        return "".join(self.random.choice(SPECIALS + NEAR_SPECIALS + [self.word(), " ", "\u0301", "船", "\u200d"]) for _ in range(self.length(16)))

    def mixed(self):
        pools = [EMOJI, RIGHT_TO_LEFT, FAR_EAST, CASES, COMPOSED, SPECIALS, CONTROLS, list(WHITE_SPACE), MARKS, self.words]
        return "".join(self.random.choice(self.random.choice(pools)) for _ in range(self.length(24)))

    def around_the_word_limit(self):
        count = self.random.randint(96, 104)
        unit = self.random.choice(["a", "é", "e\u0301", "ß", "İ", "я", "\u1100", "z\u200d", "\u0928\u093f", "𝒳"])
        return self.word() + " " + unit * count + self.random.choice(["", " ", ".", "\u0301"]) + self.word()

    def around_the_length(self):
        """About as many tokens as a text may have."""
        length = 64 if self.short else 256
        return self.random.choice(["", " "]).join(self.random.choice("a1.?") for _ in range(self.random.randint(length - 6, length + 4)))

    def broken_utf8(self):
        """Bytes that are not well-formed, read with U+FFFD in their place."""
        return self.broken_bytes().decode("utf-8", "replace")

    def broken_bytes(self):
        whole = self.mixed().encode("utf-8")
        kind = self.random.random()
        if kind < 0.3:
            return whole[: self.random.randrange(len(whole) + 1)] + b" " + whole[self.random.randrange(len(whole)):]
        if kind < 0.6:
            chopped = bytearray(whole)
            for _ in range(self.random.randint(1, 4)):
                chopped[self.random.randrange(len(chopped))] = self.random.choice([0x80, 0xBF, 0xC0, 0xC1, 0xC3, 0xE0, 0xE2, 0xED, 0xF0, 0xF4, 0xF5, 0xFF])
            return bytes(chopped)
        if kind < 0.8:
            half = chr(self.random.randrange(0xD800, 0xE000)).encode("utf-8", "surrogatepass")
            return b"ship" + half + b"ping " + half[: self.random.randint(1, 3)] + b"x"
        return bytes(self.random.randrange(256) for _ in range(self.length(30)))

    def many(self, count):
        """`count` texts, each kind in turn."""
        kinds = [self.random_scalars, self.scalars_in_words, self.plain_words, self.joined_words, self.punctuated, self.marks, self.only_marks,
                 self.composed, self.emoji, self.right_to_left, self.far_east, self.controls, self.white_space, self.specials, self.mixed,
                 self.around_the_word_limit, self.around_the_length, self.broken_utf8]
        return [kind() for kind in itertools.islice(itertools.cycle(kinds), count)]

    def edges(self):
        """Texts that everybody forgets, as pairs of a text and how often it is repeated."""
        fixed = ["", " ", "\0", "\ufffd", "\u200d", "\u0301", ".", "[CLS]", "[SEP][SEP]", "a", "A", "\n\n", "a\u0301", "船", "가", "\u2028", "#", "##", "##s", "s", "_", "'", "’"]
        return [(text, 1) for text in fixed]

    def long(self):
        """Lines of about 100,000 characters and more, as pairs of a text and how often it is repeated."""
        units = ["a", "a ", "é", "e\u0301", "\u0301", "船", "가", " ", ".", "\0", "[CLS]", "[", "ship ", "shipping company, ", "\u200d", "\U0001e94a", "\U0001d165\U0001d16d", "👨‍👩‍👧 ", "İ"]
        return [(unit, 100_000 // len(unit) + 1) for unit in units]
