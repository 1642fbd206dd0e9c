"""Compares moe-pack with llama.cpp on one sparse model, in one run."""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

from shape import EXPERT_BYTES, REST_BYTES

ROOT = pathlib.Path(__file__).resolve().parents[3]
MOE_PACK = os.environ.get("MOEPACK") or str(ROOT / ".build/release/moe-pack")
PROMPT, ADDED, THREADS = 512, 128, 2
LIMIT, MEMORY_LIMIT = 0.8, 1.2


def measured(command, environment):
    """What a command printed on both streams, and the most memory it held.

    A child's peak begins at its parent's memory: this process must stay small.
    """
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                   env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if status:
        sys.exit(f"error: `{' '.join(map(str, command))}` ended with {status}, expected 0\n\nhint: it said:\n{text}")
    return text, usage.ru_maxrss * 1024


def ours(text, environment):
    """One round of moe-pack, from a start without a weight in its memory."""
    said, memory = measured(
        [MOE_PACK, "generate", "--backbone", "bench-olmoe", "--max-tokens", str(ADDED), "--verbose", "--json", text],
        environment)
    rate = r"(?:prompt|continuation): .* s, ([0-9.]+) a second"
    prompt, continuation = map(float, re.findall(rate, said))
    return {"prompt": prompt, "continuation": continuation, "memory": memory}


def theirs(path, prompt):
    said, memory = measured([sys.executable, pathlib.Path(__file__).with_name("peer.py"), path, json.dumps(prompt),
                             str(ADDED), str(THREADS)], os.environ)
    return json.loads(said.splitlines()[-1]) | {"memory": memory}


def resident(environment):
    """Whether a short text makes little more resident than the experts it goes to and all other weights."""
    said, memory = measured([MOE_PACK, "route", "--trace", "--json", "--backbone", "bench-olmoe", "a short text"],
                            environment)
    used = sum(layer["used"] for layer in json.loads(said)["layers"])
    weight = used * EXPERT_BYTES + REST_BYTES
    print(f"a short text: {memory / 1e6:.1f} MB resident; the {used} experts it goes to and the rest weigh "
          f"{weight / 1e6:.1f} MB: ratio {memory / weight:.2f} (limit {MEMORY_LIMIT})")
    return memory <= MEMORY_LIMIT * weight


def main():
    parser = argparse.ArgumentParser(prog="tools/bench/llama-cpp", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds of each program (default: 5)")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / ".build/llama-cpp", metavar="DIR",
                        help="where the model is kept (default: .build/llama-cpp)")
    arguments = parser.parse_args()
    work = arguments.work
    checkpoint, gguf_file = work / "checkpoint", work / "model.gguf"
    environment = os.environ | {"XDG_DATA_HOME": str(work / "data"), "MOEPACK_THREADS": str(THREADS)}
    if not gguf_file.exists() or not (work / "data").exists():
        print("making the model", file=sys.stderr)
        measured([sys.executable, pathlib.Path(__file__).with_name("checkpoint.py"), checkpoint, gguf_file], os.environ)
        measured([MOE_PACK, "backbone", "add", checkpoint, "--name", "bench-olmoe"], environment)
    text = "".join(chr(97 + (number * 7 + number // 26) % 26) for number in range(PROMPT))
    rounds = []
    for number in range(arguments.rounds):
        print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
        rounds.append((ours(text, environment), theirs(gguf_file, list(text.encode()))))
    missed = False
    print(f"{'':14} {'moe-pack':>10} {'llama.cpp':>10} {'ratio':>7}   (medians of {arguments.rounds}, {THREADS} threads)")
    for what, unit in [("prompt", "tokens/s"), ("continuation", "tokens/s"), ("memory", "MB")]:
        scale = 1e6 if what == "memory" else 1
        own, other = (statistics.median(pair[side][what] / scale for pair in rounds) for side in (0, 1))
        ratio = statistics.median(pair[0][what] / pair[1][what] for pair in rounds)
        print(f"{what:14} {own:10.1f} {other:10.1f} {ratio:7.2f}   {unit}")
        missed |= what != "memory" and ratio < LIMIT
    missed |= not resident(environment)
    if missed:
        sys.exit("a limit is missed")


main()
