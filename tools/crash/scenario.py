"""Stores to break: the operations, the programs, and who judges what is left.

An operation is a command line of moe-pack on a copy of one prepared store. Everything lies in memory
(/dev/shm) where there is such a thing: what is tested is what is asked of the disk, not the disk.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Failure(Exception):
    """Something that the test itself needs did not work."""


class Judge:
    """One store-probe that holds stores to the laws, one after the other."""

    def __init__(self, probe):
        self.process = subprocess.Popen(
            [probe, "laws"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def check(self, store, before, after, acknowledged=False, operation=()):
        """What the store was found to be, and the laws that do not hold."""
        line = json.dumps({"store": store, "before": before, "after": after,
                           "acknowledged": acknowledged, "operation": list(operation)})
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise Failure(f"store-probe died on {line}")
        answer = json.loads(answer)
        return answer["found"], answer["violations"]


class Operation:
    """A command line of moe-pack, the same change as store-probe repeats it, and the store to begin with."""

    def __init__(self, name, arguments, repeated, prepared="prepared"):
        self.name, self.arguments, self.repeated, self.prepared = name, arguments, repeated, prepared


class Bench:
    """The programs, the prepared store and the packs."""

    def __init__(self):
        binaries = os.environ.get("MOEPACK_BINARIES", os.path.join(ROOT, ".build/release"))
        self.program = os.environ.get("MOEPACK", os.path.join(binaries, "moe-pack"))
        self.probe = os.path.join(binaries, "store-probe")
        for program in (self.program, self.probe):
            if not os.access(program, os.X_OK):
                raise Failure(f"`{program}` is not built")
        place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.directory = tempfile.mkdtemp(prefix="moe-crash-", dir=place)
        self.library = os.path.join(self.directory, "faults.so")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "faults.c")
        compiler = shutil.which("clang") or shutil.which("cc")
        subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", self.library, source,
                        "-ldl", "-lpthread"], check=True)
        self.environment = dict(
            os.environ, MOEPACK_THREADS="1", OPENBLAS_NUM_THREADS="1", NO_COLOR="1")
        self.environment.pop("MOEPACK_STORE", None)
        self.judge = Judge(self.probe)
        self._prepare()

    def close(self):
        """Takes everything away."""
        self.judge.process.stdin.close()
        self.judge.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def run(self, arguments, store, faults=None, check=False):
        """Runs moe-pack on a store, with a fault where one is named."""
        environment = dict(self.environment)
        if faults is not None:
            environment |= {"LD_PRELOAD": self.library, "FAULTS_ROOT": store, **faults}
        result = subprocess.run(
            [self.program, *arguments, "--store", store], env=environment, capture_output=True,
            text=True, timeout=120)
        if check and result.returncode != 0:
            raise Failure(f"moe-pack {' '.join(arguments)}: {result.stderr}")
        return result

    def copy(self, name, prepared="prepared"):
        """A fresh copy of a prepared store."""
        path = self.path(name)
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.path(prepared), path)
        return path

    def summary(self, store):
        result = subprocess.run([self.probe, "summary", store], capture_output=True, text=True)
        if result.returncode != 0:
            raise Failure(result.stderr)
        return json.loads(result.stdout)["summary"]

    def record(self, operation):
        """Makes the change once, whole: what the store was, is, and the lines of the library."""
        before = self.summary(self.copy("whole", operation.prepared))
        store = self.copy("whole", operation.prepared)
        log = self.path("log")
        self.run(operation.arguments, store, {"FAULTS_LOG": log}, check=True)
        with open(log, encoding="ascii") as file:
            lines = [line.rstrip("\n").split(" ") for line in file]
        return before, self.summary(store), lines

    def uncounted(self, operation, lines):
        """What strace saw change the store and the library did not, by kind; None without strace.

        Opening is left out: strace does not say whether the file was there.
        """
        strace = shutil.which("strace")
        if not strace:
            return None
        store, trace = self.copy("traced", operation.prepared), self.path("trace")
        kinds = {"write": "write", "pwrite64": "write", "writev": "write", "pwritev": "write",
                 "fsync": "sync", "fdatasync": "sync", "ftruncate": "resize", "truncate": "other",
                 "rename": "rename", "renameat": "rename", "renameat2": "rename",
                 "unlink": "unlink", "unlinkat": "unlink", "rmdir": "rmdir", "mkdir": "mkdir",
                 "mkdirat": "mkdir", "chmod": "chmod", "fchmod": "chmod", "fchmodat": "chmod",
                 "fchown": "chmod", "fchownat": "other", "link": "other", "linkat": "other",
                 "symlink": "other", "symlinkat": "other", "fallocate": "other", "copy_file_range": "other",
                 "sendfile": "other", "pwritev2": "write", "sync_file_range": "other", "msync": "other",
                 "setxattr": "other", "fsetxattr": "other", "utimensat": "other"}
        result = subprocess.run(
            [strace, "-f", "-qq", "-y", "-s", "0", "-o", trace, "-e", "trace=" + ",".join(kinds),
             self.program, *operation.arguments, "--store", store], env=self.environment,
            capture_output=True, text=True)
        if result.returncode != 0:
            return None  # a machine on which nothing may be traced
        seen = {}
        with open(trace, encoding="utf-8", errors="replace") as file:
            for line in file:
                call = line.split(" ", 1)[1].strip().split("(", 1)
                if len(call) == 2 and store in call[1]:
                    kind = kinds[call[0]]
                    kind = "rmdir" if "AT_REMOVEDIR" in call[1] else kind
                    seen[kind] = seen.get(kind, 0) + 1
        for line in lines:
            if int(line[0]) and line[1] in seen:
                seen[line[1]] -= 1
        return {kind: count for kind, count in seen.items() if count}

    def _prepare(self):
        """The store that all operations begin with, four generations old."""
        info = self.run(["backbone", "info", "minilm-l6", "--json"], self.path("none"), check=True)
        info = json.loads(info.stdout)
        with open(os.path.join(info["directory"], "tokenizer.json"), "rb") as file:
            tokenizer = "sha256:" + hashlib.sha256(file.read()).hexdigest()
        ground = [info["digest"], tokenizer, info["profile"], str(3 * info["width"])]
        self.pack_bytes = 0
        for name, release in (("one", 1), ("one", 2), ("two", 1), ("three", 1)):
            made = subprocess.run(
                [self.probe, "pack", self.path(f"{name}-{release}.moepack"), f"example/{name}",
                 str(release), *ground], capture_output=True, text=True, check=True)
            self.pack_bytes = max(self.pack_bytes, json.loads(made.stdout)["bytes"])
        store = self.path("prepared")
        subprocess.run([self.probe, "trust", store], check=True)
        for words in (["install", self.path("one-1.moepack")], ["install", self.path("two-1.moepack")],
                      ["install", self.path("one-2.moepack")], ["remove", "example/two"]):
            self.run([*words, "--no-eval"], store, check=True)
        three = self.path("three-1.moepack")
        self.operations = [
            Operation("install", ["install", three, "--no-eval"], ["install", three]),
            Operation("remove", ["remove", "example/one", "--no-eval"], ["remove", "example/one"]),
            Operation("rollback", ["rollback", "3", "--no-eval"], ["rollback", "3"]),
            Operation("gc", ["gc", "--keep", "1", "--grace", "0"], ["gc", "1"]),
            Operation("create", ["trust", "add", self.path("key.pub"), "--namespace", "example"], [],
                      "empty"),
            Operation("repair", ["doctor", "--repair", self.path("one-2.moepack")],
                      ["repair", self.path("one-2.moepack")], "damaged"),
        ]
        os.mkdir(self.path("empty"), 0o700)
        subprocess.run([self.probe, "key", self.path("key.pub")], check=True)
        self._damage(self.copy("damaged"))

    def _damage(self, store):
        """Leaves one pack, and of its files half away and half cut."""
        self.run(["gc", "--keep", "1", "--grace", "0"], store, check=True)
        blobs = sorted(
            os.path.join(directory, name)
            for directory, _, names in os.walk(os.path.join(store, "blobs")) for name in names)
        for index, blob in enumerate(blobs):
            if index % 2:
                os.remove(blob)
            else:
                os.chmod(blob, 0o644)
                os.truncate(blob, 1)


def say(text):
    print(text, flush=True)


def tell_violations(what, violations):
    for violation in violations[:3]:
        print(f"  violation: {what}: {violation}", file=sys.stderr, flush=True)


def tell_outcomes(outcomes, before, after):
    """How often the store was found old and new."""
    if before == after:
        return f"{outcomes[before]} in the one generation there is"
    return f"{outcomes[before]} old and {outcomes[after]} new generations"
