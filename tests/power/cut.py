"""Power cuts: what a disk may hold when the power goes at one moment of its log.

The log is a sequence of records: kind (1 byte), offset, size (8 each, little-endian), the bytes.
What was written before the last flush is there. Of what came after it, the disk may have kept all,
nothing, or any part: it reorders writes as it likes, and a large one may be cut within.
"""

import bisect
import struct

WRITE, FLUSH = 0, 1
SECTOR = 4096
MODES = ("all", "none", "some")

_HEAD = struct.Struct("<BQQ")


def record(kind, offset, data):
    return _HEAD.pack(kind, offset, len(data)) + data


class Log:
    """The whole log in memory. Positions are byte offsets in it, as the file's size was."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        self.records = []  # (end position, kind, offset, begin of the data)
        at = 0
        while at + _HEAD.size <= len(self.bytes):
            kind, offset, size = _HEAD.unpack_from(self.bytes, at)
            end = at + _HEAD.size + size
            if end > len(self.bytes):
                break
            self.records.append((end, kind, offset, at + _HEAD.size))
            at = end
        self.ends = [each[0] for each in self.records]
        self.risks = []  # after each record: the writes since the last flush
        for _, kind, _, _ in self.records:
            self.risks.append(0 if kind == FLUSH else 1 + (self.risks[-1] if self.risks else 0))

    def positions(self, begin, end):
        """Those at which a record ends, between two positions."""
        return [each[0] for each in self.records if begin <= each[0] <= end]

    def at_risk(self, position):
        """How many writes a cut there may lose."""
        return self.risks[bisect.bisect_right(self.ends, position) - 1]


def cut(image, log, position, mode, rng):
    """Turns `image`, a file open for reading and writing that is the disk at the log's begin, into
    the disk after a cut at `position`. Modes: of what was not flushed it kept `all`, `none`, or
    `some` sectors of some writes, drawn from `rng`."""
    before = [each for each in log.records if each[0] <= position]
    flushed = max((i for i, each in enumerate(before) if each[1] == FLUSH), default=-1)
    for i, (end, kind, offset, begin) in enumerate(before):
        if kind != WRITE:
            continue
        data = log.bytes[begin:end]
        if i < flushed or mode == "all":
            put(image, offset, data)
        elif mode == "some":
            fate = rng.choice(("kept", "lost", "torn"))
            for at in range(0, len(data), SECTOR):
                if fate == "kept" or (fate == "torn" and rng.random() < 0.5):
                    put(image, offset + at, data[at:at + SECTOR])


def put(image, offset, data):
    image.seek(offset)
    image.write(data)
