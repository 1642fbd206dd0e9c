"""Byte-pair tokenizers with the settings of real models, trained on the spot with the `tokenizers` library."""

import json

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

CL100K = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = CL100K.replace(r"\p{N}{1,3}", r"\p{N}")
POSSESSIVE = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
BYTES = [f"<0x{b:02X}>" for b in range(256)]


def special(*contents, **settings):
    return [AddedToken(content, special=True, normalized=settings.pop("normalized", False), **settings) for content in contents]


def plain(*contents, **settings):
    return [AddedToken(content, special=False, normalized=settings.pop("normalized", True), **settings) for content in contents]


def template(tokenizer, before="", after=""):
    return processors.TemplateProcessing(
        single=" ".join(x for x in [before, "$A", after] if x), pair=" ".join(x for x in [before, "$A", "$B", after] if x),
        special_tokens=[(x, tokenizer.token_to_id(x)) for x in [before, after] if x])


def byte_level(corpus, size, pre_tokenizer, added, normalizer=None, alphabet=None):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.decoder = normalizer, pre_tokenizer, decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet() if alphabet is None else alphabet
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, limit_alphabet=len(alphabet), show_progress=False)
    tokenizer.train_from_iterator(corpus, trainer)
    for token in added:
        (tokenizer.add_special_tokens if token.special else tokenizer.add_tokens)([token])
    return tokenizer


def characters(corpus, size, settings, normalizer, pre_tokenizer, added, byte_tokens=True):
    """A model on characters, as SentencePiece makes them; trained on the texts as the model will see them."""
    trained = Tokenizer(models.BPE())
    trained.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    trained.pre_tokenizer = pre_tokenizers.Split(Regex(r"▁"), "merged_with_next")
    first = ["<unk>", "<s>", "</s>", *(BYTES if byte_tokens else [])]
    trained.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=size, special_tokens=first, limit_alphabet=120, show_progress=False))
    model = json.loads(trained.to_str())["model"]
    tokenizer = Tokenizer(models.BPE(vocab=model["vocab"], merges=[tuple(pair) for pair in model["merges"]], **settings))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    if pre_tokenizer is not None:
        tokenizer.pre_tokenizer = pre_tokenizer
    for token in added:
        (tokenizer.add_special_tokens if token.special else tokenizer.add_tokens)([token])
    return tokenizer


def split(expression, behavior="isolated", invert=False):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(expression), behavior, invert), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def olmoe(corpus, size):
    """OLMoE, OLMo and GPT-NeoX: GPT-2's words after NFC, runs of spaces as tokens."""
    tokenizer = byte_level(corpus, size, pre_tokenizers.ByteLevel(add_prefix_space=False), [
        *plain(*["  " + " " * n for n in range(4)]), *plain("|||IP_ADDRESS|||", normalized=False),
        *special("<|endoftext|>", "<|padding|>")], normalizers.NFC())
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    return tokenizer


def llama3(corpus, size):
    """Llama 3 and OLMo 2: cl100k's words, whole pieces looked up first, a token that begins the sequence."""
    tokenizer = byte_level(corpus, size, split(CL100K), special("<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"))
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template(tokenizer, "<|begin_of_text|>")])
    tokenizer.model.ignore_merges = True
    return tokenizer


def dbrx(corpus, size):
    """DBRX and FlexOlmo: cl100k's words, written as what is kept of a split."""
    return byte_level(corpus, size, split(CL100K, "removed", invert=True), special("<|endoftext|>", "<|im_start|>", "<|im_end|>"))


def qwen(corpus, size):
    """Qwen2 and Qwen3: NFC, single digits, tokens that are not special."""
    tokenizer = byte_level(corpus, size, split(QWEN2), [
        *special("<|endoftext|>", "<|im_start|>", "<|im_end|>"), *plain("<think>", "</think>", "<tool_call>", normalized=False)], normalizers.NFC())
    tokenizer.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    return tokenizer


def granite(corpus, size):
    """Granite and StarCoder: single digits, then GPT-2's words."""
    return byte_level(corpus, size, pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]),
        special("<|end_of_text|>", "<|start_of_role|>", "<|end_of_role|>"))


def mixtral(corpus, size):
    """Mixtral and Llama 2: spaces become U+2581 in the normalizer, bytes for unknown characters."""
    tokenizer = characters(
        corpus, size, {"unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True},
        normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), None, special("<unk>", "<s>", "</s>"))
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = template(tokenizer, "<s>")
    return tokenizer


def mistral(corpus, size):
    """Later conversions of the same: U+2581 in the pre-tokenizer, before the first word alone."""
    tokenizer = characters(
        corpus, size, {"unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True}, None,
        pre_tokenizers.Metaspace(prepend_scheme="first", split=False), [*special("<unk>", "<s>", "</s>"), *special("[INST]", "[/INST]", rstrip=True)])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = template(tokenizer, "<s>", "</s>")
    return tokenizer


def metaspace(corpus, size):
    """Words split at U+2581, unknown characters each a token, added tokens with every setting."""
    tokenizer = characters(
        corpus, size, {"unk_token": "<unk>"}, normalizers.NFC(), pre_tokenizers.Metaspace(prepend_scheme="always"), [
            *special("<unk>"), *special("<left>", lstrip=True), *special("<right>", rstrip=True), *special("<both>", lstrip=True, rstrip=True),
            *plain("ship", single_word=True), *plain("É!", lstrip=True, single_word=True), *special("<n>", normalized=True)], byte_tokens=False)
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    return tokenizer


def prefixed(corpus, size):
    """GPT-2's words with a space before every stretch; bytes that are not in the vocabulary are left out."""
    alphabet = [c for c in pre_tokenizers.ByteLevel.alphabet() if c not in "ĀāĂqQéÃ"]
    return byte_level(corpus, size, pre_tokenizers.ByteLevel(add_prefix_space=True), special("<|endoftext|>", "<|x|>", rstrip=True), alphabet=alphabet)


def pieces(corpus, size):
    """Splits of every behaviour, one after the other; some bytes of the fall-back are missing."""
    tokenizer = characters(
        corpus, size, {"unk_token": "<unk>", "byte_fallback": True}, normalizers.Replace("--", "—"), pre_tokenizers.Sequence([
            pre_tokenizers.Split("\n", "merged_with_previous"), pre_tokenizers.Split(".", "merged_with_next"),
            pre_tokenizers.Split(",", "contiguous"), pre_tokenizers.Split("\t", "removed"),
            pre_tokenizers.Split(Regex(r"\p{N}{1,3}"), "isolated"), pre_tokenizers.Split(Regex(GPT2), "isolated"), pre_tokenizers.Digits()]),
        special("<unk>", "<s>", "</s>"))
    value = json.loads(tokenizer.to_str())
    vocabulary = value["model"]["vocab"]
    kept = [t for t in sorted(vocabulary, key=vocabulary.get) if t not in BYTES[0x80:0xA0]]
    value["model"]["vocab"] = {token: index for index, token in enumerate(kept)}
    for token in value["added_tokens"]:
        token["id"] = value["model"]["vocab"][token["content"]]
    return Tokenizer.from_str(json.dumps(value))


def possessive(corpus, size):
    """cl100k's words as a later version writes them."""
    return byte_level(corpus, size, split(POSSESSIVE), special("<|endoftext|>"))


KINDS = {make.__name__: make for make in [
    olmoe, llama3, dbrx, qwen, granite, mixtral, mistral, metaspace, prefixed, pieces, possessive]}


def added_tokens(tokenizer):
    return [token["content"] for token in json.loads(tokenizer.to_str())["added_tokens"]]
