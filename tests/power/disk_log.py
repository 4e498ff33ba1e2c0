#!/usr/bin/env python3
"""A disk that remembers in which order it was written to.

`disk_log.py IMAGE LOG DIRECTORY` mounts, at DIRECTORY, a file system of one file, `disk`, that
begins as IMAGE (which is never changed). A loop device over that file is a disk; every write that
reaches it, and every flush, is appended to LOG (format: cut.py). So what the disk could hold after
a power cut at any moment is known afterwards, which a copy of an image does not tell: that has no
trace of what a flush had made safe and what not.

Speaks the kernel's FUSE protocol itself; needs root and /dev/fuse. Ends when it is unmounted.
"""

import ctypes
import errno
import os
import struct
import sys

from cut import FLUSH, WRITE, record

ROOT, DISK = 1, 2
NAME = b"disk"
MOST = 1 << 20  # bytes of one request

LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE_DATA = 1, 2, 3, 4, 14, 15, 16
STATFS, RELEASE, FSYNC, FLUSH_FILE, INIT, OPENDIR, READDIR, RELEASEDIR = (
    17, 18, 20, 25, 26, 27, 28, 29)
BATCH_FORGET = 42
BIG_WRITES, MAX_PAGES = 1 << 5, 1 << 22

HEADER = struct.Struct("<IIQQIIII")  # of a request: length, opcode, unique, node, uid, gid, pid, -
IO = struct.Struct("<QQII")  # file handle, offset, size, flags


class Server:
    """Answers the kernel. One request at a time, so that the log's order is the disk's."""

    def __init__(self, channel, image, log):
        self.channel = channel
        with open(image, "rb") as file:
            self.disk = bytearray(file.read())
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)

    def serve(self):
        while True:
            try:
                request = os.read(self.channel, MOST + 65536)
            except OSError as error:
                if error.errno in (errno.EINTR, errno.ENOENT, errno.EAGAIN):
                    continue
                if error.errno == errno.ENODEV:  # unmounted
                    return
                raise
            _, opcode, unique, node, *_ = HEADER.unpack_from(request)
            if opcode in (FORGET, BATCH_FORGET):
                continue
            answer = self.answer(opcode, node, memoryview(request)[HEADER.size:])
            error, body = (answer, b"") if isinstance(answer, int) else (0, answer)
            os.write(self.channel, struct.pack("<IiQ", 16 + len(body), -error, unique) + body)

    def answer(self, opcode, node, body):
        """What to reply: bytes, or an errno."""
        if opcode == INIT:
            # 7.31; read-ahead, flags, background, congestion, largest write, time, pages.
            return struct.pack("<IIIIHHIIHHII24x", 7, 31, 65536, BIG_WRITES | MAX_PAGES, 12, 9,
                               MOST, 1, MOST // 4096, 0, 0, 0)
        if opcode == LOOKUP:
            if node != ROOT or bytes(body).rstrip(b"\0") != NAME:
                return errno.ENOENT
            return struct.pack("<QQQQII", DISK, 0, 3600, 3600, 0, 0) + self.attributes(DISK)
        if opcode in (GETATTR, SETATTR):
            return struct.pack("<QII", 3600, 0, 0) + self.attributes(node)
        if opcode in (OPEN, OPENDIR):
            return struct.pack("<QII", 0, 0, 0)
        if opcode == READ:
            _, offset, size, _ = IO.unpack_from(body)
            return bytes(self.disk[offset:offset + size])
        if opcode == WRITE_DATA:
            return self.write(body)
        if opcode == FSYNC:
            os.write(self.log, record(FLUSH, 0, b""))
            return b""
        if opcode == STATFS:
            return struct.pack("<QQQQQIIII24x", 0, 0, 0, 1, 0, 4096, 255, 4096, 0)
        if opcode in (RELEASE, RELEASEDIR, FLUSH_FILE, READDIR):
            return b""
        return errno.ENOSYS

    def write(self, body):
        _, offset, size, _ = IO.unpack_from(body)
        data = bytes(body[40:40 + size])
        self.disk[offset:offset + size] = data
        os.write(self.log, record(WRITE, offset, data))
        return struct.pack("<II", size, 0)

    def attributes(self, node):
        mode = 0o100600 if node == DISK else 0o040700
        size = len(self.disk) if node == DISK else 0
        return struct.pack("<QQQQQQIIIIIIIIII", node, size, size // 512, 0, 0, 0, 0, 0, 0, mode, 1,
                           0, 0, 0, 4096, 0)


def mount(directory):
    """The channel to the kernel."""
    channel = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={channel},rootmode=40000,user_id=0,group_id=0,max_read={MOST}"
    if libc.mount(b"kinfolder-disk", directory.encode(), b"fuse", 6, options.encode()) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), directory)
    return channel


if __name__ == "__main__":
    Server(mount(sys.argv[3]), sys.argv[1], sys.argv[2]).serve()
