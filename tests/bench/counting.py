"""System calls of a program, counted from strace's records by what they are about.

A call is about the first place whose path strace shows in it, as an argument or as what stands
behind a file descriptor (-y). Calls that fail count as calls, but create and rename nothing.
"""

import collections
import glob
import os
import re

CALL = re.compile(r"^(\w+)\((.*)$")
RESULT = re.compile(r"= (-?\d+|\?)(?:<(.*?)>)?(?: .*)?$")
OPENS = ("open", "openat", "openat2", "creat")
RENAMES = ("rename", "renameat", "renameat2")
LINKS = ("link", "linkat", "symlink", "symlinkat")
DIRECTORIES = ("mkdir", "mkdirat")
SYNCS = ("fsync", "fdatasync", "syncfs", "sync")


def tracer(prefix):
    """For Pair's `wrap`: records of all calls of side S go to files `prefix`-S.TID."""
    def wrap(side, command):
        return ["strace", "-ff", "-y", "-s", "1", "-o", f"{prefix}-{side}", *command]
    return wrap


class Counts:
    """By place: calls (by name), creations, renames, links, directories; and syncs anywhere."""

    def __init__(self, places):
        # Longest first, so that a place inside another one is found.
        self.places = sorted(places.items(), key=lambda item: -len(item[1]))
        self.calls = collections.defaultdict(collections.Counter)
        self.creations = collections.Counter()
        self.renames = collections.Counter()
        self.links = collections.Counter()
        self.directories = collections.Counter()
        self.syncs = collections.Counter()

    def place_of(self, line):
        found = [(line.find(path), name) for name, path in self.places if path in line]
        return min(found)[1] if found else "nothing in particular"

    def add(self, line):
        call = CALL.match(line)
        result = RESULT.search(line)
        if not call or not result:
            return
        name = call.group(1)
        place = self.place_of(line)
        self.calls[place][name] += 1
        if result.group(1) == "?" or int(result.group(1)) < 0:
            return
        if name in OPENS and ("O_CREAT" in line or "O_TMPFILE" in line or name == "creat"):
            self.creations[place] += 1
        elif name in RENAMES:
            self.renames[place] += 1
        elif name in LINKS:
            self.links[place] += 1
        elif name in DIRECTORIES:
            self.directories[place] += 1
        elif name in SYNCS:
            self.syncs[name] += 1

    def total(self, *without):
        return sum(sum(names.values()) for place, names in self.calls.items()
                   if place not in without)

    def common(self, most=12):
        """[(calls, name, place)], the most frequent ones."""
        flat = [(count, name, place) for place, names in self.calls.items()
                for name, count in names.items()]
        return sorted(flat, reverse=True)[:most]


def count(prefix, side, places):
    counts = Counts(places)
    for path in glob.glob(f"{glob.escape(prefix)}-{side}.*"):
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                counts.add(line.rstrip("\n"))
        os.remove(path)
    return counts
