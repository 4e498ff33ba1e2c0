"""The cases. Each measures the wanted programs and the machine's limits one after the other, in the
same run, and says which targets were reached."""

import os
import random
import shutil
import time

import counting
from harness import (Failure, check_equal, cpu_seconds, cpu_times, make_file, make_tree, median,
                     memory_bytes, percentile, say, wait_complete, wait_content, warm)
from peers import PAIRS, Kinfolder, Unison


class Sizes:
    def __init__(self, quick):
        self.files = 2000 if quick else 20000
        self.big = (128 if quick else 1024) << 20
        self.idle_s = 20 if quick else 300
        self.rounds = 3 if quick else 5          # repetitions of a short command
        self.changes = {"kinfolder": 60 if quick else 150, "syncthing": 50, "unison": 50}
        self.traced_files = 1024 if quick else 4096


class Session:
    """What the cases share: the workspace, the report, which programs are wanted, and pairs whose
    tree is in sync already."""

    def __init__(self, work, report, sizes, tools):
        self.work = work
        self.report = report
        self.sizes = sizes
        self.tools = tools
        self.synced = {}
        self.files = None

    def wants(self, tool):
        return tool in self.tools

    def attempt(self, case, tool, function, *arguments):
        """One program's failure is told at the end, and does not end the others' measurements."""
        if not self.wants(tool):
            return
        say(f"{case}: {tool}")
        try:
            function(*arguments)
        except (Failure, OSError, KeyError, ValueError) as error:
            self.report.fail(case, tool, f"{type(error).__name__}: {error}")
            say(f"{case}: {tool} FAILED: {error}")

    def model(self):
        """The tree that the others are copies of."""
        root = os.path.join(self.work.path, "model")
        if self.files is None:
            self.files = make_tree(self.work.directory("model"), self.sizes.files)
        return root

    def first_sync(self, tool):
        """A pair whose B was filled from A, as (pair, seconds); the processes have ended."""
        self.work.remove(f"tree-{tool}")
        pair = PAIRS[tool](self.work, f"tree-{tool}")
        self.work.run(["cp", "-a", self.model() + "/.", pair.a])
        warm(pair.a, self.files)
        seconds = pair.first_sync(self.files)
        pair.wait_quiet(len(self.files))
        pair.stop()
        check_equal(self.model(), pair.b, self.files)
        self.synced[tool] = pair
        return pair, seconds

    def pair_in_sync(self, tool):
        return self.synced.get(tool) or self.first_sync(tool)[0]


# --- latency ---

def change_one(directory, kind, number, content):
    """Makes one change and returns (name, the time just before it)."""
    name = f"note-{number if kind == 'created' else number % 5}.txt"
    path = os.path.join(directory, name)
    if kind != "replaced":
        begin = time.perf_counter()
        with open(path, "wb") as file:
            file.write(content)
        return name, begin
    # As editors do: a new file, renamed over the old one.
    beside = os.path.join(directory, f".{name}.swp-{number}")
    begin = time.perf_counter()
    with open(beside, "wb") as file:
        file.write(content)
    os.rename(beside, path)
    return name, begin


def latency_of(session, tool):
    pair = PAIRS[tool](session.work, f"latency-{tool}")
    for number in range(5):
        with open(os.path.join(pair.a, f"note-{number}.txt"), "wb") as file:
            file.write(b"the first one\n")
    pair.set_up()
    pair.launch()
    wait_complete(pair.b, {f"note-{number}.txt": 14 for number in range(5)}, pair.alive, 120)
    pair.wait_quiet(5)
    time.sleep(2)
    pauses = random.Random(1)
    samples = {}
    for number in range(session.sizes.changes[tool]):
        kind = ("created", "rewritten", "replaced")[number % 3]
        content = f"{kind} {number} {'x' * (number % 97)}\n".encode()
        name, begin = change_one(pair.a, kind, number + 5, content)
        samples.setdefault(kind, []).append(
            wait_content(os.path.join(pair.b, name), content) - begin)
        # Of no fixed length, so that no program's own rhythm is met.
        time.sleep(pauses.uniform(0.3, 0.9))
    note = ""
    if tool == "syncthing":
        note = f"fsWatcherDelayS {pair.watcher_delay()}"
    elif tool == "unison":
        note = "-repeat watch" if Unison.has_monitor() else "-repeat 1: no unison-fsmonitor here"
    pair.stop()
    session.work.remove(f"latency-{tool}")
    together = [each for values in samples.values() for each in values]
    add = session.report.row
    add("latency", "median", tool, median(together), "s", note, together)
    add("latency", "p99", tool, percentile(together, 99), "s", f"of {len(together)} changes")
    for kind, values in samples.items():
        add("latency", f"median, file {kind}", tool, median(values), "s")
    add("latency", "longest", tool, max(together), "s")


def latency(session):
    for tool in PAIRS:
        session.attempt("latency", tool, latency_of, session, tool)
    order_by_metric(session.report, "latency")
    report = session.report
    report.target("latency", "median under 120 ms",
                  report.value("latency", "median", "kinfolder"), 0.120, "s")
    report.target("latency", "p99 under 1 s", report.value("latency", "p99", "kinfolder"), 1, "s")


def order_by_metric(report, case):
    """Puts the rows of one case together that say the same of different programs."""
    metrics = list(dict.fromkeys(row["metric"] for row in report.rows if row["case"] == case))
    report.rows.sort(key=lambda row: metrics.index(row["metric"]) if row["case"] == case else -1)


# --- first sync of many files ---

def first_sync_of(session, tool):
    pair, seconds = session.first_sync(tool)
    add = session.report.row
    add("first-sync", "complete in B", tool, seconds, "s", f"{session.sizes.files} files of 4 KiB")
    if tool == "unison":
        add("first-sync", "until it has ended", tool, pair.wall, "s")


def copies(session, case, source):
    """cp -r and rsync, and cp with its bytes on the disk: what no program can be faster than."""
    target = os.path.join(session.work.path, "copy")
    durable = 'cp -r "$1" "$2" && sync -f "$2"'
    commands = {"cp -r": ["cp", "-r", source, target],
                "cp -r, sync": ["sh", "-c", durable, "sh", source, target]}
    if shutil.which("rsync"):
        commands["rsync -a"] = ["rsync", "-a", "--whole-file", source + "/", target + "/"]
    for name, command in commands.items():
        os.sync()
        seconds = session.work.timed(command)
        session.work.remove("copy")
        session.report.row(case, "complete in B", name, seconds, "s")


def first_sync(session):
    for tool in PAIRS:
        session.attempt("first-sync", tool, first_sync_of, session, tool)
    session.attempt("first-sync", "limits", copies, session, "first-sync", session.model())
    order_by_metric(session.report, "first-sync")
    session.report.ratio_target("first-sync", "complete in B", "unison", 0.4)


# --- a scan that finds nothing ---

def rescan_kinfolder(session):
    pair = session.pair_in_sync("kinfolder")
    pair.launch("a")
    pair.wait_quiet(len(session.files), "a")
    time.sleep(2)
    work = session.work
    asked = [work.timed(pair.command("a", "status", "bench")) for _ in range(9)]
    synced = [work.timed(pair.command("a", "sync", "bench")) for _ in range(session.sizes.rounds)]
    before = cpu_times(pair.pids()["a"])
    work.timed(pair.command("a", "sync", "bench"))
    used = cpu_seconds(before, cpu_times(pair.pids()["a"]))
    pair.stop()
    add = session.report.row
    # The difference of two noisy times can come out too small; it is never less than the work.
    add("rescan", "wall", "kinfolder", max(median(synced) - median(asked), used), "s",
        "`sync` less `status`, at least the agent's processor time", synced)
    add("rescan", "command's own start-up", "kinfolder", median(asked), "s", "`status`", asked)
    add("rescan", "processor time of the agent", "kinfolder", used, "s")


def rescan_syncthing(session):
    pair = session.pair_in_sync("syncthing")
    pair.launch("a")
    pair.wait_quiet(len(session.files), "a")
    time.sleep(2)
    samples = []
    for _ in range(session.sizes.rounds):
        begin = time.perf_counter()
        pair.scan("a")
        samples.append(time.perf_counter() - begin)
    pair.stop()
    session.report.row("rescan", "wall", "syncthing", median(samples), "s",
                       "POST db/scan of a running instance", samples)


def rescan_unison(session):
    pair = session.pair_in_sync("unison")
    samples = [pair.sync() for _ in range(session.sizes.rounds)]
    session.report.row("rescan", "wall", "unison", median(samples), "s",
                       "a whole run, both directories", samples)


def rescan_find(session):
    command = ["find", session.model(), "-printf", "%s %T@\\n"]
    samples = [session.work.timed(command) for _ in range(9)]
    session.report.row("rescan", "wall", "find", median(samples), "s", "-printf '%s %T@'", samples)


def rescan(session):
    session.attempt("rescan", "kinfolder", rescan_kinfolder, session)
    session.attempt("rescan", "syncthing", rescan_syncthing, session)
    session.attempt("rescan", "unison", rescan_unison, session)
    session.attempt("rescan", "limits", rescan_find, session)
    order_by_metric(session.report, "rescan")
    session.report.ratio_target("rescan", "wall", "find", 3)


# --- one big file ---

def big_file_of(session, tool, model):
    pair = PAIRS[tool](session.work, f"big-{tool}")
    os.rename(model, os.path.join(pair.a, "big.dat"))
    files = {"big.dat": session.sizes.big}
    try:
        warm(pair.a, files)
        seconds = pair.first_sync(files)
        pair.wait_quiet(1)
        pair.stop()
        check_equal(pair.a, pair.b, files)
    finally:
        pair.stop()
        os.rename(os.path.join(pair.a, "big.dat"), model)
        session.work.remove(f"big-{tool}")
    add = session.report.row
    add("big-file", "complete in B", tool, seconds, "s", f"{session.sizes.big >> 20} MiB")
    if tool == "unison":
        add("big-file", "until it has ended", tool, pair.wall, "s")


def big_file_limits(session, model):
    copies(session, "big-file", os.path.dirname(model))
    commands = {"sha256sum": ["sha256sum", model]}
    if shutil.which("openssl"):
        commands["openssl"] = ["openssl", "dgst", "-sha256", model]
    for name, command in commands.items():
        seconds = session.work.timed(command)
        session.report.row("big-file", "SHA-256 of it", name, seconds, "s")


def big_file(session):
    model = os.path.join(session.work.directory("big-model"), "big.dat")
    make_file(model, session.sizes.big)
    for tool in PAIRS:
        session.attempt("big-file", tool, big_file_of, session, tool, model)
    session.attempt("big-file", "limits", big_file_limits, session, model)
    session.work.remove("big-model")
    order_by_metric(session.report, "big-file")
    session.report.ratio_target("big-file", "complete in B", "unison", 0.7)


# --- system calls ---

def places(pair):
    found = {"folder": pair.a, "folder of B": pair.b}
    if isinstance(pair, Kinfolder):
        found["store"] = pair.store
    for side in "ab":
        for name in ("state", "home"):
            found[f"state of {side.upper()}"] = os.path.join(pair.base, f"{name}-{side}")
            if os.path.isdir(os.path.join(pair.base, f"{name}-{side}")):
                break
    return found


def add_counts(session, tool, role, counts, files):
    """The store's objects are counted apart: they are what the sender is there to write."""
    def add(metric, value, note=""):
        session.report.row("calls", f"{role}: {metric}", tool, value, "", note)

    def beside_store(counter):
        return sum(number for place, number in counter.items() if place != "store")

    add("creations a file", beside_store(counts.creations) / files)
    add("renames a file", beside_store(counts.renames) / files)
    add("system calls a file", counts.total("store") / files)
    syncs = sum(counts.syncs.values())
    add("syncs a file", syncs / files,
        ", ".join(f"{number} {name}" for name, number in sorted(counts.syncs.items())))
    if tool == "kinfolder":
        add("store: creations a file", counts.creations["store"] / files)
        add("store: system calls a file", sum(counts.calls["store"].values()) / files)
    common = [f"{number / files:.2f} {name} ({place})" for number, name, place in counts.common()]
    session.report.details.append((f"calls, {tool}, {role}, a file", common))


def calls_of(session, tool, model, files):
    prefix = os.path.join(session.work.directory("strace"), tool)
    pair = PAIRS[tool](session.work, f"calls-{tool}", counting.tracer(prefix))
    session.work.run(["cp", "-a", model + "/.", pair.a])
    os.sync()
    if tool == "kinfolder":
        # One after the other: what a sender does is not mixed with what it takes in.
        pair.set_up()
        pair.launch("a")
        pair.wait_quiet(len(files), "a", pause=1)
        pair.stop()
        pair.launch("b")
        wait_complete(pair.b, files, pair.alive)
        pair.wait_quiet(len(files), "b", pause=1)
        pair.stop()
    else:
        pair.first_sync(files)
        pair.wait_quiet(len(files), pause=1)
        pair.stop()
    check_equal(model, pair.b, files)
    found = places(pair)
    for side, role in (("a", "sender"), ("b", "receiver")):
        if tool != "unison" or side == "a":
            counts = counting.count(prefix, side, found)
            add_counts(session, tool, "both" if tool == "unison" else role, counts, len(files))
    session.work.remove(f"calls-{tool}")


def calls(session):
    model = session.work.directory("calls-model")
    files = make_tree(model, session.sizes.traced_files)
    for tool in PAIRS:
        session.attempt("calls", tool, calls_of, session, tool, model, files)
    session.work.remove("calls-model")
    order_by_metric(session.report, "calls")
    for metric, limit in (("sender: creations a file", 2), ("sender: system calls a file", 12),
                          ("sender: syncs a file", 1 / 64), ("receiver: creations a file", 1),
                          ("receiver: renames a file", 1), ("receiver: syncs a file", 1 / 64)):
        # What a program makes for itself, however many files there are, is let pass.
        spare = 32 / len(files) if "creations" in metric or "renames" in metric else 0
        session.report.target("calls", f"{metric} at most {round(limit, 4)}",
                              session.report.value("calls", metric, "kinfolder"), limit + spare, "")


# --- idle ---

def idle_start(session, tool, running):
    pair = session.pair_in_sync(tool)
    pair.launch()
    pair.wait_quiet(len(session.files))
    running[tool] = pair


def idle(session):
    """Both programs at once: neither does anything, and time is taken by process."""
    running = {}
    for tool in ("kinfolder", "syncthing"):
        session.attempt("idle", tool, idle_start, session, tool, running)
    time.sleep(10)
    pids = {(tool, side): pid for tool, pair in running.items()
            for side, pid in pair.pids().items()}
    before = {key: cpu_times(pid) for key, pid in pids.items()}
    begin = time.monotonic()
    say(f"idle: waiting {session.sizes.idle_s} s")
    time.sleep(session.sizes.idle_s)
    took = time.monotonic() - begin
    for (tool, side), pid in pids.items():
        used = cpu_seconds(before[tool, side], cpu_times(pid))
        which = f"agent {side.upper()}"
        add = session.report.row
        add("idle", f"processor, {which}", tool, 100 * used / took, "%", f"over {took:.0f} s")
        add("idle", f"memory, {which}", tool, memory_bytes(pid), "bytes",
            f"resident; peak {memory_bytes(pid, 'VmHWM') / 1e6:.0f} MB")
    for tool, pair in running.items():
        session.attempt("idle", tool, pair.stop)
    order_by_metric(session.report, "idle")
    report = session.report
    for side in "AB":
        report.target("idle", f"processor, agent {side}, under 0.1 %",
                      report.value("idle", f"processor, agent {side}", "kinfolder"), 0.1, "%")
        report.target("idle", f"memory, agent {side}, under 60 MB",
                      report.value("idle", f"memory, agent {side}", "kinfolder"), 60e6, "bytes")


CASES = {"latency": latency, "first-sync": first_sync, "rescan": rescan, "big-file": big_file,
         "calls": calls, "idle": idle}
