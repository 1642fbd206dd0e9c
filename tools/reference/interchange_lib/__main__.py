"""The command line of `tools/reference/interchange`."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import torch
from transformers.utils import logging

from checkpoints import saving
from checkpoints.families import FULL
from train_experts.failure import USAGE, Failure

from . import cases, checks
from .program import Program

TESTS = Path(__file__).resolve().parents[3] / "Tests/MoEModelTests"
GOLDEN_TOKENS = 112
DENSE = ("llama-mha", "llama-gqa-tied-shards")


def parse() -> argparse.Namespace:
    """The options, checked."""
    parser = argparse.ArgumentParser(prog="interchange", description=__doc__)
    parser.add_argument("--golden", action="store_true", help="write the small set into the tests of this repository")
    parser.add_argument("--out", type=Path, metavar="DIR", help="a new directory for all that is made")
    parser.add_argument("--program", default="moe-pack", metavar="FILE", help="the program (default: moe-pack)")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these checkpoints alone")
    options = parser.parse_args()
    if not options.golden and not options.out:
        parser.error("name a directory with --out DIR")
    return options


def golden() -> int:
    """Packs for some of the committed checkpoints."""
    for name in cases.GOLDEN:
        folder = TESTS / "Interchange/Golden" / name
        if folder.exists():
            shutil.rmtree(folder)
        base = saving.load(TESTS / "Decoder/Golden" / name)
        cases.make_packs(folder, base, cases.GOLDEN_EXTENT, min(base.config.vocab_size, GOLDEN_TOKENS))
        for path in folder.rglob("*.safetensors"):
            path.chmod(0o644)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        print(f"{name:28} {size / 1000:6.0f} KB")
    return 0


def check(options: argparse.Namespace) -> int:
    """Every case, one line each."""
    options.out.mkdir(parents=True)
    program = Program(options.program, options.out / "home")
    shapes = cases.SHAPES + [shape for shape in FULL if shape.name in DENSE]
    if options.only:
        if unknown := sorted(set(options.only) - {shape.name for shape in shapes}):
            raise Failure(USAGE, f"there is no case `{unknown[0]}`", "name one of "
                          + ", ".join(shape.name for shape in shapes))
        shapes = [shape for shape in shapes if shape.name in options.only]
    print(f"{'checkpoint':28} {'as':>5} {'logits':>10} {'to base':>9}   {'imported':12} {'others'}")
    good = [checks.dense(shape, options.out, program) if shape.name in DENSE
            else checks.sparse(shape, options.out, program) for shape in shapes]
    print(f"{sum(good)} of {len(good)} as they must be")
    return 0 if all(good) else 1


def main() -> int:
    """Runs the command line."""
    options = parse()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        return golden() if options.golden else check(options)
    except Failure as failure:
        print(failure, file=sys.stderr)
        return failure.status
    except (OSError, ValueError) as error:
        print(f"error: {error}\n\nhint: remove the directory and run it again", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
