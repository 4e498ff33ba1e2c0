"""What every measurement needs: a place to work, processes that surely end, trees of files, and
waiting until a tree is complete elsewhere. Knows nothing of the programs that are measured."""

import ctypes
import hashlib
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

PR_SET_PDEATHSIG = 1
POLL_S = 0.0005


class Failure(Exception):
    """A program did not do what was asked; the text is for people."""


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Workspace:
    """A fresh directory and the processes that work in it; both are gone after close()."""

    def __init__(self, parent=None):
        # Unix sockets lie below it, whose names may have 107 bytes: short names everywhere.
        self.path = tempfile.mkdtemp(prefix="kfb-", dir=parent)
        self._running = []
        self._logs = 0

    def directory(self, *parts):
        path = os.path.join(self.path, *parts)
        os.makedirs(path, exist_ok=True)
        return path

    def environment(self, extra=None):
        """The caller's, with a home of its own, so that nothing of the person's is touched."""
        home = self.directory("home")
        return {**os.environ, "HOME": home, "XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home,
                "XDG_DATA_HOME": home, "LC_ALL": "C.UTF-8", **(extra or {})}

    def spawn(self, command, env=None):
        """Starts a process group; its output goes to a log file, `log` of the result."""
        self._logs += 1
        log = os.path.join(self.directory("logs"), f"{self._logs}.log")
        with open(log, "wb") as out:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                env=self.environment(env), cwd=self.path, preexec_fn=_die_with_parent)
        process.log = log
        self._running.append(process)
        return process

    def stop(self, process, pid=None, timeout=30):
        """Asks `pid` (normally the process itself) to end; kills the group if it does not."""
        try:
            os.kill(pid or process.pid, signal.SIGTERM)
            process.wait(timeout)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass
        self._kill(process)

    def _kill(self, process):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        if process in self._running:
            self._running.remove(process)

    def run(self, command, env=None, timeout=900):
        """Runs to the end and returns the standard output. Raises Failure."""
        return self._to_end(command, env, timeout, subprocess.PIPE)[0].decode()

    def timed(self, command, env=None, timeout=900):
        """Seconds that a command takes, output thrown away. Raises Failure."""
        return self._to_end(command, env, timeout, subprocess.DEVNULL)[1]

    def _to_end(self, command, env, timeout, stdout):
        environment = self.environment(env)
        begin = time.perf_counter()
        # A group of its own: what it starts itself ends with it when we are interrupted.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE,
            start_new_session=True, env=environment, cwd=self.path, preexec_fn=_die_with_parent)
        self._running.append(process)
        try:
            out, err = process.communicate(timeout=timeout)
            took = time.perf_counter() - begin
        except subprocess.TimeoutExpired as late:
            raise Failure(f"{os.path.basename(command[0])} took over {timeout} s") from late
        finally:
            self._kill(process)
        if process.returncode != 0:
            words = (err or out or b"").decode(errors="replace").strip()[-400:]
            raise Failure(f"{os.path.basename(command[0])} {' '.join(command[1:4])} ... exited "
                          f"with {process.returncode}: {words}")
        return out, took

    def remove(self, *parts):
        shutil.rmtree(os.path.join(self.path, *parts), ignore_errors=True)

    def close(self):
        for process in list(self._running):
            self._kill(process)
        shutil.rmtree(self.path, ignore_errors=True)


def tail(path, size=500):
    with open(path, "rb") as log:
        return log.read()[-size:].decode(errors="replace").strip()


# --- trees ---

def make_tree(root, count, size=4096, per_directory=100):
    """`count` files of random bytes, the same at every call, in count / per_directory
    directories. Returns {relative path: size}."""
    source = random.Random(20000)
    files = {}
    for number in range(count):
        name = f"part-{number // per_directory // 10:02}/dir-{number // per_directory:04}/" \
               f"file-{number:06}.dat"
        path = os.path.join(root, name)
        if number % per_directory == 0:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(source.randbytes(size))
        files[name] = size
    return files


def make_file(path, size):
    """Random bytes, the same at every call."""
    source = random.Random(1 << 30)
    with open(path, "wb") as out:
        for begin in range(0, size, 1 << 20):
            out.write(source.randbytes(min(1 << 20, size - begin)))


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def warm(root, files):
    """Writes back what is dirty and reads all, so that each run begins alike."""
    os.sync()
    for name in files:
        with open(os.path.join(root, name), "rb") as file:
            while file.read(1 << 20):
                pass


def check_equal(a, b, files):
    """Raises Failure unless every file has the same bytes in both; never part of a timing."""
    for name in files:
        if digest(os.path.join(a, name)) != digest(os.path.join(b, name)):
            raise Failure(f"{name} differs between the two directories")


# --- waiting ---

def wait_complete(root, files, alive, timeout=900):
    """Waits until every file is in `root` with its whole size; returns the time (perf_counter).

    One lstat for each file and one for each poll, so that waiting costs next to nothing: only the
    first file that is still missing is looked at. `alive` raises Failure when it's hopeless.
    """
    missing = sorted(files.items(), reverse=True)
    end = time.monotonic() + timeout
    polls = 0
    while missing:
        name, size = missing[-1]
        try:
            if os.lstat(os.path.join(root, name)).st_size == size:
                missing.pop()
                continue
        except FileNotFoundError:
            pass
        polls += 1
        if polls % 200 == 0:
            alive()
        if time.monotonic() > end:
            raise Failure(f"{len(missing)} of {len(files)} files are not there after {timeout} s")
        time.sleep(POLL_S * 4)
    return time.perf_counter()


def wait_content(path, content, timeout=30):
    """Waits until `path` holds exactly `content`; returns the time (perf_counter)."""
    end = time.monotonic() + timeout
    while True:
        try:
            with open(path, "rb") as file:
                if file.read() == content:
                    return time.perf_counter()
        except FileNotFoundError:
            pass
        if time.monotonic() > end:
            raise Failure(f"{os.path.basename(path)} did not arrive within {timeout} s")
        time.sleep(POLL_S)


def wait_until(what, condition, timeout=120, pause=0.05):
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise Failure(f"waited {timeout} s for: {what}")
        time.sleep(pause)


# --- processes as the kernel sees them ---

def family(pid):
    """The process and its descendants."""
    pids = [pid]
    for each in pids:
        try:
            for task in os.listdir(f"/proc/{each}/task"):
                with open(f"/proc/{each}/task/{task}/children", encoding="ascii") as file:
                    pids += [int(child) for child in file.read().split()]
        except (FileNotFoundError, ProcessLookupError):
            pass
    return pids


def cpu_times(pid):
    """Processor time of the family so far: ({thread: nanoseconds}, clock ticks)."""
    threads, ticks = {}, 0
    for each in family(pid):
        try:
            for task in os.listdir(f"/proc/{each}/task"):
                with open(f"/proc/{each}/task/{task}/schedstat", encoding="ascii") as file:
                    threads[task] = int(file.read().split()[0])
            with open(f"/proc/{each}/stat", encoding="ascii", errors="replace") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return threads, ticks


def cpu_seconds(before, after):
    """Between two cpu_times: to the nanosecond, or to the tick (10 ms) if a thread has ended."""
    if set(before[0]) <= set(after[0]):
        return sum(used - before[0].get(task, 0) for task, used in after[0].items()) / 1e9
    return (after[1] - before[1]) / os.sysconf("SC_CLK_TCK")


def memory_bytes(pid, field="VmRSS"):
    total = 0
    for each in family(pid):
        try:
            with open(f"/proc/{each}/status", encoding="ascii", errors="replace") as file:
                for line in file:
                    if line.startswith(field + ":"):
                        total += int(line.split()[1]) * 1024
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


# --- numbers ---

def median(values):
    return statistics.median(values)


def percentile(values, percent):
    """Nearest rank: one of the values."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
