"""Compares the encoder with its peers on the same texts, each program in turn."""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys

from tokenizers import Tokenizer

import amx
from model import exported, quantized

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
OURS = ["f32", "bf16", "int8"]
LAYERS = 6
# Packs that are mounted, and in how many of the upper layers each has experts.
PACKS, DEPTHS = 20, [1, 3, 6]
PEERS = ["onnx-f32", "onnx-int8", "openvino-f32", "openvino-bf16", "torch-f32"]
MOST_TOKENS = 256
FULL_PEERS = ["onnx-f32", "openvino-f32"]
# What is wanted on a CPU with AVX-512, VNNI and BF16 and without AMX: the set and the batch, the best of our modes over
# the best of these peers, the least ratio.
WANTED = [
    ("f32, equal lengths, over ONNX Runtime f32", ("equal", 32), ["f32"], ["onnx-f32"], 1.3),
    ("f32, equal lengths, over OpenVINO f32", ("equal", 32), ["f32"], ["openvino-f32"], 1.1),
    ("f32, one at a time, over the better of both", ("equal", 1), ["f32"], FULL_PEERS, 1.5),
    ("f32, mixed lengths, over the better of both", ("mixed", 32), ["f32"], FULL_PEERS, 1.3),
    ("best mode, equal lengths, over the best peer", ("equal", 32), OURS, PEERS, 1.1),
    ("best mode, one at a time, over the best peer", ("equal", 1), OURS, PEERS, 1.1),
    ("best mode, mixed lengths, over the best peer", ("mixed", 32), OURS, PEERS, 1.1),
]
# The share of the throughput without packs that arithmetic leaves: so much of it is wanted.
WITH_PACKS = 0.93
# The share of the processors that the host of a virtual machine may take during a run, and how often one is tried.
MOST_STOLEN, TRIES = 0.02, 4


def fail(code, message, hint):
    print(f"error: {message}\n\nhint: {hint}", file=sys.stderr)
    sys.exit(code)


def parse():
    parser = argparse.ArgumentParser(prog="peers", description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, metavar="DIR",
                        help="a directory with hwu64 and cuad, JSON lines with `text`; default: the packs' eval texts")
    parser.add_argument("--rounds", type=int, default=3, help="how often each program runs each set (default: 3)")
    parser.add_argument("--texts", type=int, default=640, help="texts a set (default: 640)")
    parser.add_argument("--only", metavar="NAMES", help="programs to run, separated by commas, and no packs")
    parser.add_argument("--sets", metavar="NAMES", help="sets to run of equal, short, long and mixed, and no packs")
    parser.add_argument("--without-amx", action="store_true",
                        help="no program may use the tiles of AMX: as on a CPU that has none")
    parser.add_argument("--work", type=pathlib.Path, metavar="DIR",
                        default=pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
                        / "moe-pack/peers-models", help="where the converted models lie")
    parser.add_argument("--out", type=pathlib.Path, metavar="FILE", help="write the figures as JSON")
    return parser.parse_args()


def backbone_folder():
    data = pathlib.Path(os.environ.get("XDG_DATA_HOME") or pathlib.Path.home() / ".local/share")
    for path in sorted((data / "moe-pack/backbones").glob("*/model.safetensors")):
        if (path.parent / "1_Pooling").is_dir():
            return path.parent
    fail(66, f"no registered encoder under `{data / 'moe-pack/backbones'}`", "run `tools/backbone`")


def texts_of(folder, name):
    """The texts of a data set."""
    found = []
    for path in sorted((folder / name).rglob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            text = json.loads(line).get("text")
            if text:
                found.append(text)
    if not found:
        fail(66, f"no JSON lines with `text` under `{folder / name}`", "name a directory of data sets with --data")
    return found


def sets(options, tokenizer):
    """The sets of texts: name → texts, whatever the order of their lengths."""
    choose = random.Random(1)
    if options.data:
        short, long = texts_of(options.data, "hwu64"), texts_of(options.data, "cuad")
    else:
        every = [json.loads(line)["text"] for path in sorted((ROOT / "packs").glob("*/evals/*.jsonl"))
                 for line in path.read_text(encoding="utf-8").splitlines()]
        every.sort(key=len)
        short, long = every[:len(every) // 2], every[len(every) // 2:]
    count = options.texts
    # Equal lengths: as many tokens as a text of the middle has.
    lengths = {}
    for text in dict.fromkeys(short + long):
        lengths.setdefault(len(tokenizer.encode(text).ids), []).append(text)
    many = max((length for length in lengths if 20 <= length <= 60), key=lambda length: len(lengths[length]))
    equal = [choose.choice(lengths[many]) for _ in range(count)]
    mixed = choose.choices(short, k=count // 2) + choose.choices(long, k=count // 2)
    choose.shuffle(mixed)
    every = {f"equal ({many} tokens)": equal, "short": choose.choices(short, k=count),
             "long": choose.choices(long, k=max(64, count // 4)), "mixed": mixed}
    wanted = options.sets.split(",") if options.sets else [name.split()[0] for name in every]
    return {name: texts for name, texts in every.items() if name.split()[0] in wanted}


def stolen():
    """Ticks that this machine's host gave to others while this machine wanted them, and ticks altogether."""
    fields = [int(field) for field in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return fields[7], sum(fields)


class Program:
    """A program that reads jobs and answers with times."""
    # Runs that were done again, and those that were taken though the host had disturbed every try.
    again = disturbed = 0

    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, job):
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            fail(1, f"{self.name} ended with {self.process.wait()}, expected an answer", "look above for what it said")
        return json.loads(line)

    def run_undisturbed(self, job):
        """Runs a job again, a few times at most, where the host of this virtual machine took part of the processors."""
        for attempt in range(TRIES):
            before, answer, after = stolen(), self.run(job), stolen()
            if after[0] - before[0] <= MOST_STOLEN * (after[1] - before[1]) + 1:
                return answer
            Program.again += attempt + 1 < TRIES
        Program.disturbed += 1
        return answer

    def end(self):
        """Ends it, and gives the most memory it held, in bytes."""
        # Not the maximum that `wait4` tells: it counts what this program held when it started the other.
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
        self.process.stdin.close()
        self.process.wait()
        return peak * 1024


def start(name, model, folder):
    if name in OURS:
        return Program(f"moe-pack {name}", [os.environ["ENCODER_BENCH"], name])
    path = quantized(model) if name == "onnx-int8" else model
    return Program(name, [sys.executable, str(HERE / "runner.py"), name, str(path), str(folder)])


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def tokenizer_of(folder):
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MOST_TOKENS)
    tokenizer.no_padding()
    return tokenizer


def measure(options, folder):
    """Texts a second of each round by set, batch and program; peak memory by program."""
    tokenizer = tokenizer_of(folder)
    options.work.mkdir(parents=True, exist_ok=True)
    model = exported(folder, options.work)
    names = options.only.split(",") if options.only else OURS + PEERS
    programs = {name: start(name, model, folder) for name in names}
    figures = {}
    for set_name, texts in sets(options, tokenizer).items():
        ids = [tokenizer.encode(text).ids for text in texts]
        for batch in (32, 1):
            count = len(texts) if batch > 1 else min(len(texts), 200)
            jobs = {"texts": texts[:count], "ids": ids[:count], "batch": batch}
            rates = {name: [] for name in names}
            times = {name: [] for name in names}
            for round_number in range(options.rounds + 1):
                for name, program in programs.items():
                    wanted = "texts" if name in OURS else "ids"
                    run = program.run_undisturbed if round_number else program.run  # the first warms up
                    answer = run({wanted: jobs[wanted], "batch": batch})
                    if round_number:
                        rates[name].append(count / answer["seconds"])
                        times[name] += answer["latencies"]
            print(f"\n{set_name}, {'batches of 32' if batch > 1 else 'one at a time'}: "
                  f"{sum(map(len, ids[:count])) / count:.0f} tokens a text", flush=True)
            for name in sorted(names, key=lambda name: -statistics.median(rates[name])):
                label = f"moe-pack {name}" if name in OURS else name
                print(f"  {label:16}{statistics.median(rates[name]):8.0f} texts/s   p50 "
                      f"{percentile(times[name], 0.5) * 1e3:7.2f} ms   p99 {percentile(times[name], 0.99) * 1e3:7.2f} ms",
                      flush=True)
            figures[(set_name.split()[0], batch)] = rates
    memory = {name: program.end() for name, program in programs.items()}
    print("\npeak memory")
    for name in names:
        print(f"  {('moe-pack ' if name in OURS else '') + name:16}{memory[name] / 1e6:8.0f} MB")
    return figures, memory


def with_packs(options, folder):
    """For each precision, set and depth, the throughput with packs over the one without."""
    tokenizer = tokenizer_of(folder)
    print(f"\n{PACKS} packs, each text answered by one, batches of 32: share of the texts a second without packs")
    shares = {}
    for precision in OURS:
        command = [os.environ["ENCODER_BENCH"], precision]
        programs = {depth: Program(f"moe-pack {precision}", command + ([str(PACKS), str(depth)] if depth else []))
                    for depth in [0, *DEPTHS]}
        for name, texts in sets(options, tokenizer).items():
            seconds = {depth: [] for depth in programs}
            for round_number in range(options.rounds + 1):
                for depth, program in programs.items():
                    run = program.run_undisturbed if round_number else program.run
                    answer = run({"texts": texts, "batch": 32})
                    if round_number:
                        seconds[depth].append(answer["seconds"])
            for depth in DEPTHS:
                share = statistics.median(without / mine for without, mine in zip(seconds[0], seconds[depth]))
                bound = LAYERS / (LAYERS + depth)
                shares[(precision, name.split()[0], depth)] = share / bound
                print(f"  {precision:5} {name:20} top {depth} layers{share:7.3f}   bound {bound:.3f}   "
                      f"{share / bound:6.3f} of it", flush=True)
        for program in programs.values():
            program.end()
    return shares


def verdicts(figures):
    """What is wanted of what was run, and what came out: sentence, ratio, limit."""
    for sentence, key, ours, peers, limit in WANTED:
        rates = figures.get(key, {})
        if not all(name in rates for name in ours + peers):
            continue
        mine, other = (max(names, key=lambda name: statistics.median(rates[name])) for names in (ours, peers))
        # Round by round: both ran within moments, whatever the machine was like.
        yield sentence, statistics.median(a / b for a, b in zip(rates[mine], rates[other])), limit


def main():
    options = parse()
    if options.without_amx:
        amx.forbid()
    folder = backbone_folder()
    figures, memory = measure(options, folder)
    shares = {} if options.only or options.sets else with_packs(options, folder)
    print("\nratios")
    for sentence, ratio, limit in verdicts(figures):
        print(f"  {sentence:48}{ratio:6.2f}   wanted {limit:.2f}   {'held' if ratio >= limit else 'MISSED'}")
    for precision in OURS if shares else []:
        least = min(share for (name, _, _), share in shares.items() if name == precision)
        print(f"  {precision}, {PACKS} packs, least share of the bound".ljust(50)
              + f"{least:6.2f}   wanted {WITH_PACKS:.2f}   {'held' if least >= WITH_PACKS else 'MISSED'}")
    print(f"\n{Program.again} runs were done again, for the host of this machine took more than {MOST_STOLEN:.0%} of the "
          f"processors; {Program.disturbed} were taken all the same")
    if options.out:
        options.out.write_text(json.dumps({
            "rates": {f"{name} {batch}": rates for (name, batch), rates in figures.items()}, "memory": memory,
            "withPacks": {" ".join(map(str, key)): share for key, share in shares.items()}}, indent=1))


main()
