"""The matrix of power cuts: what a disk may hold after each call, from one recording of the process.

The model. A file and a directory are each a list of changes: writes and lengths of a file, names of a
directory. A change is durable from the first later fsync of that very file, or of that very directory, on.
At a cut, every durable change is there, and of the others any: none, all, each one missing, each one
alone, names without data, data without names, data that are zeros, each write torn at a sector of 512 bytes,
and seeded random choices. A rename puts the new name there and takes the old one away; each half is durable
when its own directory is synced, and the old name never goes before the new one is there.
SQLite's files are in the recording like all others.
"""

import hashlib
import os
import random
import shutil

from scenario import say, tell_outcomes, tell_violations

SECTOR = 512


class Change:
    """One change of one file or directory."""

    def __init__(self, index, target, kind, *arguments, after=None):
        self.index, self.target, self.kind, self.arguments = index, target, kind, arguments
        self.after = after  # the change without which this one does not happen
        self.durable_at = None


class Recording:
    """The lines of the library as changes of nodes; a node is a number, the store's directory is 0."""

    def __init__(self, store, lines):
        self.kinds = {}  # node → "file" or "directory"
        self.base = {}  # node → bytes, or name → node: what lay there before
        self.names = {}  # what a path names at the moment of reading
        self.changes, self.cuts = [], []  # cuts: (call, told), after which the power may go
        self._load(store, "")
        descriptors, told = {}, False
        for line in lines:
            number, kind, rest = int(line[0]), line[1], line[2:]
            if kind == "ack":
                told = True
            elif kind in ("open", "create", "truncate-open"):
                if kind == "create":
                    self._add(number, rest[1], self._node("file", b""))
                descriptors[rest[0]] = self.names[self._key(rest[1])]
                if kind == "truncate-open":
                    self._change(number, descriptors[rest[0]], "resize", 0)
            elif kind == "close":
                descriptors.pop(rest[0], None)
            elif kind == "write":
                self._change(number, descriptors[rest[0]], "write", int(rest[1]), bytes.fromhex(rest[2]))
            elif kind == "resize":
                self._change(number, descriptors[rest[0]], "resize", int(rest[1]))
            elif kind == "sync":
                self._sync(number, descriptors[rest[0]])
            elif kind == "mkdir":
                self._add(number, rest[0], self._node("directory", {}))
            elif kind in ("unlink", "rmdir"):
                self._remove(number, rest[0])
            elif kind == "rename":
                added = self._add(number, rest[1], self.names[self._key(rest[0])])
                self._remove(number, rest[0], after=added)
            self.cuts.append((number or (self.cuts[-1][0] if self.cuts else 0), told))
        self.cuts = sorted(set([(0, False)] + self.cuts))

    def _key(self, path):
        return "" if path == "." else path

    def _node(self, kind, content):
        node = len(self.kinds)
        self.kinds[node], self.base[node] = kind, content
        return node

    def _load(self, store, path):
        """Takes what lies on the disk now as durable."""
        whole = os.path.join(store, path)
        if os.path.isdir(whole):
            node = self._node("directory", {})
            self.names[path] = node
            for name in sorted(os.listdir(whole)):
                self.base[node][name] = self._load(store, os.path.join(path, name))
        else:
            with open(whole, "rb") as file:
                node = self._node("file", file.read())
            self.names[path] = node
        return node

    def _change(self, index, target, kind, *arguments, after=None):
        change = Change(index, target, kind, *arguments, after=after)
        self.changes.append(change)
        return change

    def _add(self, index, path, node):
        parent, name = os.path.split(path)
        old = [(key, value) for key, value in self.names.items() if value == node]
        self.names[path] = node
        for key, _ in old:  # what lies under a directory that got a new name
            for inner in [n for n in self.names if n.startswith(key + "/")]:
                self.names[path + inner[len(key):]] = self.names[inner]
        return self._change(index, self.names[parent], "add", name, node)

    def _remove(self, index, path, after=None):
        parent, name = os.path.split(path)
        node = self.names.pop(path)
        for inner in [n for n in self.names if n.startswith(path + "/")]:
            del self.names[inner]
        self._change(index, self.names[parent], "remove", name, node, after=after)

    def _sync(self, index, target):
        for change in self.changes:
            if change.target == target and change.durable_at is None:
                change.durable_at = index

    def state(self, changes, altered=None):
        """The files, path → bytes (None: a directory), after these changes of those recorded."""
        altered = altered or {}
        content = {n: bytearray(c) if self.kinds[n] == "file" else dict(c) for n, c in self.base.items()}
        applied = set()
        for change in changes:
            if change.after is not None and change.after not in applied:
                continue
            applied.add(change)
            node = content[change.target]
            if change.kind == "write":
                offset, data = altered.get(change, change.arguments)
                if len(node) < offset + len(data):
                    node.extend(bytes(offset + len(data) - len(node)))
                node[offset:offset + len(data)] = data
            elif change.kind == "resize":
                length = change.arguments[0]
                del node[length:]
                node.extend(bytes(length - len(node)))
            elif change.kind == "add":
                node[change.arguments[0]] = change.arguments[1]
            elif node.get(change.arguments[0]) == change.arguments[1]:
                del node[change.arguments[0]]
        files = {}

        def walk(node, path):
            if self.kinds[node] == "file":
                files[path] = bytes(content[node])
                return
            files[path] = None
            for name, inner in content[node].items():
                walk(inner, os.path.join(path, name))

        walk(0, "")
        return files

    def states_at(self, call, generator, choices):
        """What the disk may hold when the power goes after a call."""
        past = [c for c in self.changes if c.index <= call]
        pending = [c for c in past if c.durable_at is None or c.durable_at > call]
        is_data = {c: c.kind in ("write", "resize") for c in pending}
        writes = [c for c in pending if c.kind == "write"]

        def without(dropped, altered=None):
            dropped = set(dropped)
            return self.state([c for c in past if c not in dropped], altered)

        yield without(pending)
        if not pending:
            return
        yield without([])
        yield without([c for c in pending if is_data[c]])
        yield without([c for c in pending if not is_data[c]])
        yield without([], {c: (c.arguments[0], bytes(len(c.arguments[1]))) for c in writes})
        for change in pending:
            yield without([change])
            yield without([c for c in pending if c is not change])
        for change in writes:
            yield without([], {change: torn(change)})
            yield without([c for c in pending if c.index > change.index], {change: torn(change)})
        for _ in range(choices):
            dropped = [c for c in pending if generator.random() < 0.5]
            altered = {c: torn(c) for c in writes if generator.random() < 0.3}
            yield without(dropped, altered)


def torn(change):
    """A write of which the first sectors reached the disk, at least one byte less than all."""
    offset, data = change.arguments
    middle = (offset + len(data) // 2) // SECTOR * SECTOR - offset
    return offset, data[:middle if middle > 0 else len(data) // 2]


def fingerprint(files):
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(repr((path, files[path])).encode())
    return digest.digest()


def write(files, directory):
    shutil.rmtree(directory, ignore_errors=True)
    for path, data in sorted(files.items()):
        whole = os.path.join(directory, path) if path else directory
        if data is None:
            os.mkdir(whole, 0o700)
        else:
            with open(whole, "wb") as file:
                file.write(data)


def control(bench):
    """How many laws break when the recording of the install is read as if nothing had been synced.

    A model that finds nothing here would find nothing anywhere.
    """
    operation = bench.operations[0]
    before, after, lines = bench.record(operation)
    recording = Recording(bench.path("prepared"), [line for line in lines if line[1] != "sync"])
    broken = 0
    for files in recording.states_at(recording.cuts[-1][0], random.Random(1), 8):
        write(files, bench.path("cut"))
        broken += bool(bench.judge.check(bench.path("cut"), before, after, True)[1])
    return broken


def power_matrix(bench, every=1, choices=8):
    """Cuts the power after every call, in every way the model knows.

    Returns the number of different disks that were judged, and of violations.
    """
    total = violations = 0
    for operation in bench.operations:
        before, after, lines = bench.record(operation)
        recording = Recording(bench.path(operation.prepared), lines)
        generator = random.Random(20260101)
        seen, outcomes = set(), {before: 0, after: 0}
        for call, told in recording.cuts[::every]:
            for files in recording.states_at(call, generator, choices):
                key = fingerprint(files) + bytes([told])
                if key in seen:
                    continue
                seen.add(key)
                store = bench.path("cut")
                write(files, store)
                found, broken = bench.judge.check(store, before, after, told, operation.repeated)
                outcomes[found] = outcomes.get(found, 0) + 1
                tell_violations(f"{operation.name}, power cut after call {call}", broken)
                violations += bool(broken)
        total += len(seen)
        say(f"  {operation.name}: {len(recording.cuts[::every])} cuts, {len(seen)} different disks, "
            f"{tell_outcomes(outcomes, before, after)}")
    seen_without_sync = control(bench)
    if not seen_without_sync:
        tell_violations("control", ["without any sync no law broke: the model sees nothing"])
        violations += 1
    say(f"power: {total} disks, {violations} violations (without the syncs, of one install's end: {seen_without_sync})")
    return total, violations
