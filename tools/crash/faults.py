"""The matrices of kills and of refused system calls: the real moe-pack, broken at every call."""

import errno

from scenario import say, tell_outcomes, tell_violations

CHANGES = 0  # the number of a line that changes nothing


def calls(lines):
    """The numbers and kinds of the calls that change something."""
    return [(int(line[0]), line[1]) for line in lines if int(line[0]) != CHANGES]


def kill_matrix(bench, every=1):
    """Stops moe-pack before every call, and in the middle of every write.

    Returns the number of points and of violations.
    """
    total = violations = 0
    for operation in bench.operations:
        before, after, lines = bench.record(operation)
        uncounted = bench.uncounted(operation, lines)
        if uncounted:
            tell_violations(operation.name, [f"strace and the library do not agree: {uncounted}"])
            violations += 1
        points = [(number, "kill") for number, _ in calls(lines)]
        points += [(number, "tear") for number, kind in calls(lines) if kind == "write"]
        points = sorted(points)[::every]
        outcomes = {before: 0, after: 0}
        for number, action in points:
            store = bench.copy("broken", operation.prepared)
            result = bench.run(operation.arguments, store,
                               {"FAULTS_AT": str(number), "FAULTS_ACTION": action})
            found, broken = bench.judge.check(store, before, after, False, operation.repeated)
            if result.returncode != -9:
                broken.append(f"ended with {result.returncode} instead of being killed")
            outcomes[found] = outcomes.get(found, 0) + 1
            tell_violations(f"{operation.name}, {action} at call {number}", broken)
            violations += bool(broken)
        total += len(points)
        say(f"  {operation.name}: {len(calls(lines))} calls, {len(points)} points, "
            f"{tell_outcomes(outcomes, before, after)}")
    checked = "not checked with strace" if uncounted is None else "strace counts the same calls"
    say(f"kill: {total} points, {violations} violations (pack of {bench.pack_bytes} bytes; {checked})")
    return total, violations


def error_matrix(bench, every=1):
    """Refuses every call once, and from there on, with ENOSPC and EIO; shortens every write.

    Returns the number of points and of violations.
    """
    total = violations = 0
    for operation in bench.operations:
        before, after, lines = bench.record(operation)
        points = []
        for number, kind in calls(lines):
            for code in (errno.ENOSPC, errno.EIO):
                points += [(number, str(code), lasting) for lasting in (False, True)]
            if kind == "write":
                points.append((number, "short", False))
        points = points[::every]
        done = refused = 0
        for number, action, lasting in points:
            store = bench.copy("broken", operation.prepared)
            faults = {"FAULTS_AT": str(number), "FAULTS_ACTION": action}
            if lasting:
                faults["FAULTS_LASTING"] = "1"
            result = bench.run(operation.arguments, store, faults)
            is_done = result.returncode == 0
            found, broken = bench.judge.check(store, before, after, is_done, operation.repeated)
            if not is_done:
                broken += sentence_faults(result, found == before)
            done += is_done
            refused += not is_done
            what = f"{operation.name}, {action} at call {number}{' and after' if lasting else ''}"
            tell_violations(what, broken)
            violations += bool(broken)
        total += len(points)
        say(f"  {operation.name}: {len(points)} points, {refused} clean refusals, {done} done all the same")
    say(f"errors: {total} points, {violations} violations")
    return total, violations


def sentence_faults(result, is_old):
    """What is wrong with how a refusal was told."""
    faults = []
    if result.returncode != 74:
        faults.append(f"ended with {result.returncode}, expected 74: {result.stderr!r}")
    elif not ("error: " in result.stderr and "hint: " in result.stderr):
        faults.append(f"no sentence and hint: {result.stderr!r}")
    elif not is_old and not any(
            words in result.stderr for words in ("`moe-pack list` shows", "goes on where it stopped")):
        faults.append(f"made the change and did not say so: {result.stderr!r}")
    return faults
