"""The command line of `tools/reference/random-checkpoints`."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

import torch
from transformers.utils import logging

from train_experts.failure import USAGE, Failure

from . import broken
from .families import FULL
from .golden import GOLDEN
from .making import make
from .shape import FULL_EXTENT, GOLDEN_EXTENT

HERE = Path(__file__).resolve().parent
GOLDEN_FOLDER = HERE.parents[2] / "Tests/MoEModelTests/Decoder/Golden"


def parse() -> argparse.Namespace:
    """The options, checked."""
    parser = argparse.ArgumentParser(prog="random-checkpoints", description=__doc__)
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--golden", action="store_true", help="the small set, in the tests of this repository")
    kind.add_argument("--broken", action="store_true", help="checkpoints that must be refused")
    kind.add_argument("--list", action="store_true", help="print the names, and make nothing")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the checkpoints go")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these alone")
    parser.add_argument("--threads", type=int, default=1, help="threads of PyTorch (default: 1)")
    options = parser.parse_args()
    if options.golden and not options.out:
        options.out = GOLDEN_FOLDER
    if not options.out and not options.list:
        parser.error("name a directory with --out DIR")
    return options


def run(options: argparse.Namespace) -> int:
    """Makes what is asked for."""
    shapes, extent = (GOLDEN, GOLDEN_EXTENT) if options.golden else (FULL, FULL_EXTENT)
    names = [case.name for case in broken.CASES] if options.broken else [shape.name for shape in shapes]
    if options.list:
        print("\n".join(names))
        return 0
    chosen = options.only or names
    if unknown := sorted(set(chosen) - set(names)):
        raise Failure(USAGE, f"there is no checkpoint `{unknown[0]}`", f"--list names all {len(names)}")
    options.out.mkdir(parents=True, exist_ok=True)
    if options.broken:
        broken.make_all(options.out, chosen)
        return 0
    print(f"{'checkpoint':34} {'KB':>6} {'seed':>6} {'router':>8} {'greedy':>8} {'noise':>8}")
    descriptions = _descriptions(options.out, names)
    for shape in shapes:
        if shape.name not in chosen:
            continue
        made = make(shape, extent, options.out)
        descriptions[shape.name] = made.description()
        print(f"{shape.name:34} {made.size_bytes / 1000:6.0f} {made.seed:6} {made.router_margin:8.1e} "
              f"{made.greedy_margin:8.1e} {made.noise:8.1e}", flush=True)
        (options.out / "checkpoints.json").write_text(
            json.dumps(list(descriptions.values()), indent=1) + "\n", encoding="utf-8")
    shutil.copy(HERE / "FORMAT.md", options.out)
    return 0


def _descriptions(out: Path, names: list[str]) -> dict[str, dict]:
    """What an earlier run left in checkpoints.json."""
    path = out / "checkpoints.json"
    if not path.exists():
        return {}
    return {entry["name"]: entry for entry in json.loads(path.read_text(encoding="utf-8")) if entry["name"] in names}


def main() -> int:
    """Runs the command line."""
    options = parse()
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        return run(options)
    except Failure as failure:
        print(failure, file=sys.stderr)
        return failure.status
    except (OSError, ValueError) as error:
        print(f"error: {error}\n\nhint: what was finished is kept; run it again with --only NAME", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
