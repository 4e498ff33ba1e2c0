"""The two participants, anna and ben, with their folders, state and store; and the disks below."""

import json
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SIDES = ("anna", "ben")
PATIENCE = 90  # seconds for anything that must happen


class Failure(Exception):
    """What was promised did not hold."""


def call(*command):
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def wait_until(what, condition, alive=lambda: None):
    end = time.monotonic() + PATIENCE
    last = None
    while time.monotonic() < end:
        alive()
        last = condition()
        if not last:
            return
        time.sleep(0.05)
    raise Failure(f"did not happen: {what}: {last}")


def unmount(directory):
    """It is busy for a moment after the last program has ended."""
    if not os.path.ismount(directory):
        return
    wait_until(f"{directory} is unmounted", lambda: subprocess.run(
        ["umount", directory], check=False, capture_output=True, text=True).stderr)


class Disk:
    """An ext4 file system on a loop device over a file."""

    def __init__(self, directory):
        self.directory = directory
        self.device = ""
        os.makedirs(directory, exist_ok=True)

    def mount(self, file):
        # A device of its own: one that is still about to let go of an earlier file would be taken
        # again by `mount -o loop`, with what it remembers of that.
        self.device = call("losetup", "--find", "--show", file).strip()
        call("mount", self.device, self.directory)

    def unmount(self):
        unmount(self.directory)
        if self.device:
            call("losetup", "--detach", self.device)
            wait_until(
                f"{self.device} lets go of its file",
                lambda: self.device if call("losetup", "--all").count(self.device + ":") else "")
            self.device = ""


class RecordedDisk(Disk):
    """The same over a disk whose writes and flushes are recorded in `log`."""

    def __init__(self, directory, work):
        super().__init__(directory)
        self.log = os.path.join(work, "log")
        self.below = os.path.join(work, "recorded")
        os.makedirs(self.below, exist_ok=True)
        self.server = None

    def mount(self, file):
        self.server = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "disk_log.py"), file, self.log, self.below])
        disk = os.path.join(self.below, "disk")
        wait_until("the recording disk", lambda: "" if os.path.exists(disk) else "not mounted")
        super().mount(disk)

    def unmount(self):
        super().unmount()
        unmount(self.below)
        if self.server is not None:
            self.server.wait()
            self.server = None

    def position(self):
        return os.path.getsize(self.log)


class Machines:
    """Anna's and ben's agents. `where` says in which directory each of them and the store are."""

    def __init__(self, program, where, logs):
        self.program = program
        self.where = where
        self.logs = logs
        self.agents = {}

    def folder(self, who):
        return os.path.join(self.where[who], who)

    def tell(self, who, *words):
        state = os.path.join(self.where[who], f"state-{who}")
        return call(self.program, "--state", state, *words)

    def set_up(self):
        store = "dir:" + os.path.join(self.where["store"], "store")
        for who in SIDES:
            os.makedirs(self.folder(who))
            self.tell(who, "init", "--store", store)
        self.tell("anna", "create", self.folder("anna"), "--name", "docs", "--as", "anna")
        invitation = self.tell("anna", "invite", "docs", "ben").strip()
        self.tell("ben", "join", invitation, self.folder("ben"))
        self.start()
        for who in SIDES:  # the disk is smaller than what is kept free by default
            self.tell(who, "config", "set", "docs", "min-free", "1M")
        self.end(signal.SIGTERM)

    def start(self):
        for who in SIDES:
            state = os.path.join(self.where[who], f"state-{who}")
            with open(os.path.join(self.logs, f"{who}.log"), "w", encoding="utf-8") as log:
                self.agents[who] = subprocess.Popen(
                    [self.program, "--state", state, "run"], stdout=log, stderr=log)
        for who in SIDES:
            wait_until(f"{who}'s agent is ready",
                       lambda who=who: "" if "is ready" in self.said(who) else "not yet",
                       self.check_alive)

    def said(self, who):
        with open(os.path.join(self.logs, f"{who}.log"), encoding="utf-8") as log:
            return log.read()

    def last_words(self):
        """Of an agent that ended; empty if both run."""
        for who, agent in self.agents.items():
            if agent.poll() is not None:
                return f"{who}'s agent ended with {agent.returncode}: {self.said(who).strip()}"
        return ""

    def check_alive(self):
        if self.last_words():
            raise Failure(self.last_words())

    def end(self, number):
        """Ends the agents with a signal; those only that this object started."""
        for agent in self.agents.values():
            if agent.poll() is None:
                agent.send_signal(signal.SIGCONT)
                agent.send_signal(number)
                agent.wait()
        self.agents = {}

    def hold(self, held):
        for agent in self.agents.values():
            agent.send_signal(signal.SIGSTOP if held else signal.SIGCONT)

    def restless(self):
        """What is not at rest; empty if all is."""
        for who in SIDES:
            folder = json.loads(self.tell(who, "status", "--json"))["folders"][0]
            if folder["state"] != "in-sync":
                return f"{who} is {folder['state']}: {folder['blocked']} {folder['progress']}"
        return ""
