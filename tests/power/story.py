"""What the users do while the agents sync, and what must be true after a power cut.

Each content says of itself whose it is, for which path, and the how-many-th: a torn file can't be
taken for a whole one. Files below `plain/` are written over in place and never synced, as many
programs do; all others as careful programs do: beside, synced, renamed, the directory synced. After
that no power cut may take it back.
"""

import hashlib
import os
import re
import time
import typing

from machines import SIDES, wait_until

COPY = re.compile(r"\.conflict-[a-z]+(-\d+)?$")


def content(path, who, number, size):
    head = f"{path} {who} {number} {size}\n".encode()
    return head + hashlib.shake_256(head).digest(size)


def read_content(data):
    """(path, who, number) if these are the whole bytes of one; else None."""
    head = data.partition(b"\n")[0]
    words = head.decode("ascii", "replace").split(" ")
    if len(words) != 4 or not words[2].isdigit() or not words[3].isdigit():
        return None
    path, who, number, size = words[0], words[1], int(words[2]), int(words[3])
    if size > 1 << 22 or content(path, who, number, size) != data:
        return None
    return path, who, number


def tree(top):
    """Path -> bytes of every file, without the agent's own."""
    found = {}
    for directory, names, files in os.walk(top):
        if directory == top:
            names[:] = [name for name in names if name != ".kinfolder"]
        for name in files:
            path = os.path.join(directory, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, top)] = file.read()
    return found


class Deed(typing.NamedTuple):
    """A careful write or delete. A cut before `begin`: it was not made; after `end`: it is."""
    begin: int
    end: int
    who: str
    path: str
    number: int  # 0: deleted


class Story:
    """Writes, and notes the positions of the log between which it did."""

    def __init__(self, machines, position, rng):
        self.machines = machines
        self.position = position
        self.rng = rng
        self.deeds = []
        self.alive = {who: [] for who in SIDES}  # careful paths, not deleted
        self.numbers = {}
        self.after_each = lambda i: None

    def next(self, who, path):
        self.numbers[path] = self.numbers.get(path, 0) + 1
        size = self.rng.choice((0, 40, 3000, 9000, 60000, 300000))
        return self.numbers[path], content(path, who, self.numbers[path], size)

    def write(self, who, path):
        number, data = self.next(who, path)
        target = os.path.join(self.machines.folder(who), path)
        beside = os.path.join(self.machines.where[who], f"beside-{who}")
        directory = os.path.dirname(target)
        begin = self.position()
        os.makedirs(directory, exist_ok=True)
        with open(beside, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(beside, target)
        self.sync_directory(os.path.dirname(directory))
        self.sync_directory(directory)
        self.deeds.append(Deed(begin, self.position(), who, path, number))

    def write_plainly(self, who, path):
        _, data = self.next(who, path)
        target = os.path.join(self.machines.folder(who), path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(data)

    def delete(self, who, path):
        target = os.path.join(self.machines.folder(who), path)
        begin = self.position()
        os.unlink(target)
        self.sync_directory(os.path.dirname(target))
        self.alive[who].remove(path)  # and never written again
        self.deeds.append(Deed(begin, self.position(), who, path, 0))

    def sync_directory(self, directory):
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def both_write(self, path):
        """Concurrent for certain: neither side sees the other's."""
        for who in SIDES:
            self.machines.tell(who, "pause", "docs")
        for who in SIDES:
            self.write(who, path)
        for who in SIDES:
            self.machines.tell(who, "resume", "docs")

    def tell_all(self, files):
        """So many files in all, over some seconds; then waits until both sides are at rest."""
        for i in range(files):
            who = SIDES[i % 4 == 3]
            self.alive[who].append(f"{who}/{i % 7}/file-{i}")
            self.write(who, self.alive[who][-1])
            if i % 3 == 2:
                self.write(who, self.rng.choice(self.alive[who]))
            if i % 5 == 0:
                self.write_plainly("anna", f"plain/{i % 20}")
            if i % 16 == 15:
                self.delete("anna", self.rng.choice(self.alive["anna"]))
            if i % 40 == 20:
                self.both_write(f"both/{i}")
            time.sleep(self.rng.choice((0, 0, 0.01, 0.1)))
            self.after_each(i)
        wait_until("both sides are at rest", self.machines.restless, self.machines.check_alive)


def torn(top, who):
    """Files with an ordinary name that hold no whole content. The agent may have put nothing of the
    kind there; of what a user writes without syncing, only the user's own disk may."""
    bad = []
    for path, data in tree(top).items():
        if path.startswith("plain/") and (who == "anna" or not data):
            continue
        if read_content(data) is None:
            bad.append(f"{who}: {path} ({len(data)} bytes)")
    return bad


def numbers_in(top):
    """(path, who) -> the newest number that is there, also as a conflict copy."""
    numbers = {}
    for path, data in tree(top).items():
        what = read_content(data)
        if what is not None:
            key = (COPY.sub("", path), what[1])
            numbers[key] = max(numbers.get(key, 0), what[2])
    return numbers


def broken_promises(tops, over, under_way):
    """What was made safe before the cut and is not so on both sides."""
    allowed = {}  # (path, who) -> the numbers that may be there
    for deed in over:
        allowed[(deed.path, deed.who)] = [deed.number]
    for deed in under_way:
        allowed.setdefault((deed.path, deed.who), [0]).append(deed.number)
    broken = []
    for side, top in tops.items():
        there = numbers_in(top)
        for (path, who), numbers in sorted(allowed.items()):
            if there.get((path, who), 0) not in numbers:
                broken.append(f"{path}: {who} had made {numbers} safe; {side} has "
                              f"{there.get((path, who), 'nothing')}")
    return broken
