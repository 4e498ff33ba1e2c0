"""The programs that are measured: each as a pair of directories, `a` and `b`, kept the same."""

import json
import os
import re
import shutil
import socket
import time
import urllib.error
import urllib.request

from harness import Failure, family, tail, wait_complete, wait_until


class Pair:
    """Two directories below a directory of their own. `wrap(side, command)` lets a tracer in."""

    name = ""

    def __init__(self, work, place, wrap=None):
        self.work = work
        self.base = work.directory(place)
        self.a = work.directory(place, "folder-a")
        self.b = work.directory(place, "folder-b")
        self.wrap = wrap
        self.processes = {}

    def directory(self, side):
        return self.a if side == "a" else self.b

    def spawn(self, side, command, env=None):
        if self.wrap:
            command = self.wrap(side, command)
        self.processes[side] = self.work.spawn(command, env)

    def alive(self):
        """Raises Failure when one of the processes has ended."""
        for process in self.processes.values():
            if process.poll() is not None:
                raise Failure(f"{self.name} ended with {process.returncode}: {tail(process.log)}")

    def pids(self):
        return {side: process.pid for side, process in self.processes.items()}

    def stop(self):
        for side in list(self.processes):
            self.stop_one(side)

    def stop_one(self, side):
        """Asks the program to end; below a tracer that is the tracer's child."""
        process = self.processes.pop(side)
        pids = family(process.pid)
        self.work.stop(process, pids[1] if self.wrap and len(pids) > 1 else None)

    def first_sync(self, files):
        """Seconds until B has every file of A. Leaves the processes running (if any)."""
        self.set_up()
        begin = time.perf_counter()
        self.launch("ab")
        return wait_complete(self.b, files, self.alive) - begin


class Kinfolder(Pair):
    """Two agents with state directories of their own and one directory store."""

    name = "kinfolder"
    program = "kinfolder"

    def state(self, side):
        return os.path.join(self.base, f"state-{side}")

    @property
    def store(self):
        return os.path.join(self.base, "store")

    def command(self, side, *words):
        return [self.program, "--state", self.state(side), *words]

    def ask(self, side, *words):
        return self.work.run(self.command(side, *words))

    def set_up(self):
        for side in "ab":
            self.ask(side, "init", "--store", f"dir:{self.store}")
        self.ask("a", "create", self.a, "--name", "bench", "--as", "anna")
        invitation = self.ask("a", "invite", "bench", "ben").strip()
        self.ask("b", "join", invitation, self.b, "--name", "bench", "--as", "ben")

    def launch(self, sides="ab"):
        for side in sides:
            self.spawn(side, self.command(side, "run"))

    def status(self, side):
        return json.loads(self.ask(side, "--json", "status", "bench"))["folders"][0]

    def quiet(self, side, files):
        try:
            status = self.status(side)
        except Failure:
            self.alive()
            return False
        return (status["state"] == "in-sync" and not status.get("unpublished_since")
                and status["files"] >= files)

    def wait_quiet(self, files, sides="ab", pause=0.25):
        for side in sides:
            wait_until(f"kinfolder {side} to be in sync", lambda s=side: self.quiet(s, files),
                       timeout=900, pause=pause)


class Syncthing(Pair):
    """Two instances that know each other's address: no discovery, relays or NAT traversal."""

    name = "syncthing"
    program = "syncthing"
    delay_s = "0.01"  # of newer versions; older ones know whole seconds only

    def home(self, side):
        return os.path.join(self.base, f"home-{side}")

    def set_up(self):
        self.ids, self.keys = {}, {}
        ports = free_ports(4)
        self.listen = dict(zip("ab", ports[:2]))
        self.gui = dict(zip("ab", ports[2:]))
        for side in "ab":
            home = self.home(side)
            self.work.run([self.program, "generate", f"--home={home}", "--no-default-folder",
                           "--skip-port-probing"])
            with open(os.path.join(home, "config.xml"), encoding="utf-8") as file:
                generated = file.read()
            self.ids[side] = re.search(r'<device id="([A-Z0-9-]+)"', generated).group(1)
            self.keys[side] = re.search(r"<apikey>([^<]+)<", generated).group(1)
        self.configure()

    def configure(self):
        for side in "ab":
            with open(os.path.join(self.home(side), "config.xml"), "w", encoding="utf-8") as file:
                file.write(self.config(side))

    def config(self, side):
        """All that is not said here has syncthing's own default."""
        devices = "".join(
            f'<device id="{self.ids[each]}" name="{each}" compression="metadata">'
            f"<address>tcp://127.0.0.1:{self.listen[each]}</address></device>" for each in "ab")
        members = "".join(f'<device id="{self.ids[each]}"></device>' for each in "ab")
        return f"""<configuration version="36">
<folder id="bench" label="bench" path="{self.directory(side)}" type="sendreceive"
 rescanIntervalS="3600" fsWatcherEnabled="true" fsWatcherDelayS="{self.delay_s}">
<filesystemType>basic</filesystemType>{members}<paused>true</paused></folder>
{devices}
<gui enabled="true" tls="false"><address>127.0.0.1:{self.gui[side]}</address>
<apikey>{self.keys[side]}</apikey></gui>
<options><listenAddress>tcp://127.0.0.1:{self.listen[side]}</listenAddress>
<globalAnnounceEnabled>false</globalAnnounceEnabled>
<localAnnounceEnabled>false</localAnnounceEnabled>
<relaysEnabled>false</relaysEnabled><natEnabled>false</natEnabled>
<stunServer></stunServer><reconnectionIntervalS>1</reconnectionIntervalS>
<startBrowser>false</startBrowser><urAccepted>-1</urAccepted>
<autoUpgradeIntervalH>0</autoUpgradeIntervalH>
<crashReportingEnabled>false</crashReportingEnabled>
<setLowPriority>false</setLowPriority></options></configuration>
"""

    def rest(self, side, method, path, body=None, timeout=600):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.gui[side]}/rest/{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-API-Key": self.keys[side], "Content-Type": "application/json"})
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                    request, timeout=timeout) as answer:
                text = answer.read()
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            raise Failure(f"syncthing {path}: {error}") from error
        return json.loads(text) if text.strip() else None

    def launch(self, sides="ab", resume=True):
        try:
            self.start(sides)
        except Failure as failure:
            if f'"{self.delay_s}"' not in str(failure) or self.delay_s == "1":
                raise
            self.stop()
            Syncthing.delay_s = "1"
            self.configure()
            self.start(sides)
        if resume:
            self.resume(sides)

    def start(self, sides):
        for side in sides:
            self.spawn(side, [self.program, "serve", f"--home={self.home(side)}", "--no-browser",
                              "--no-restart", "--no-upgrade", "--logfile=-"])
        for side in sides:
            wait_until(f"syncthing {side} to answer", lambda s=side: self.answers(s))
        if len(sides) == 2:
            for side in "ab":
                wait_until("the two syncthings to connect", lambda s=side: self.connected(s))

    def answers(self, side):
        self.alive()
        try:
            return self.rest(side, "GET", "system/ping", timeout=5) is not None
        except Failure:
            return False

    def connected(self, side):
        other = self.ids["b" if side == "a" else "a"]
        return self.rest(side, "GET", "system/connections")["connections"][other]["connected"]

    def resume(self, sides="ab"):
        for side in sides:
            self.rest(side, "PATCH", "config/folders/bench", {"paused": False})

    def watcher_delay(self, side="a"):
        return self.rest(side, "GET", "config/folders/bench")["fsWatcherDelayS"]

    def first_sync(self, files):
        """The clock starts when both run and are connected, and the folder is let go."""
        self.set_up()
        self.launch("ab", resume=False)
        begin = time.perf_counter()
        self.resume()
        return wait_complete(self.b, files, self.alive) - begin

    def quiet(self, side, files):
        status = self.rest(side, "GET", "db/status?folder=bench")
        return (status["state"] == "idle" and status["needTotalItems"] == 0
                and status["localFiles"] >= files)

    def wait_quiet(self, files, sides="ab", pause=0.25):
        for side in sides:
            wait_until(f"syncthing {side} to be idle", lambda s=side: self.quiet(s, files),
                       timeout=900, pause=pause)

    def scan(self, side):
        """A scan of the whole folder; answers when it is done."""
        self.rest(side, "POST", "db/scan?folder=bench")


class Unison(Pair):
    """One program that compares two local directories: runs once, or again and again."""

    name = "unison"
    program = "unison"

    def environment(self):
        return {"UNISON": os.path.join(self.base, "unison")}

    def command(self, *more):
        return [self.program, self.a, self.b, "-ui", "text", "-batch", "-auto", "-silent",
                "-times", "-confirmbigdel=false", "-log=false", *more]

    @staticmethod
    def has_monitor():
        return shutil.which("unison-fsmonitor") is not None

    def set_up(self):
        pass

    def launch(self, sides="ab"):
        del sides
        repeat = "watch" if self.has_monitor() else "1"
        self.spawn("a", self.command("-repeat", repeat), self.environment())

    def wait_quiet(self, files, sides="ab", pause=0.25):
        pass

    def sync(self):
        """Runs once; seconds."""
        return self.work.timed(self.command(), self.environment())

    def first_sync(self, files):
        """Seconds until B is complete; `wall` is until the program has ended."""
        begin = time.perf_counter()
        self.spawn("a", self.command(), self.environment())
        process = self.processes.pop("a")
        complete = wait_complete(self.b, files, lambda: None) - begin
        if process.wait(600) != 0:
            raise Failure(f"unison ended with {process.returncode}: {tail(process.log)}")
        self.wall = time.perf_counter() - begin
        self.work.stop(process)
        return complete


def free_ports(count):
    """Ports of the loopback interface that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


PAIRS = {"kinfolder": Kinfolder, "syncthing": Syncthing, "unison": Unison}
