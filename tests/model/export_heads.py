#!/usr/bin/env python3
"""Writes down what heads.py decides over random histories, as core/merge/model_test.cc's data.

    tests/model/export_heads.py > core/merge/testdata/histories.txt

The file is text, one record a line; numbers are its snapshots, `-` is none or an empty list:
    h SEED                                      a history begins; snapshots are numbered from 0
    s VERSION RANK GENERATION PARENTS           the next snapshot
    t MINE UNPUBLISHED EQUAL CONFLICTS HEADS > MINE DISCARDED FIRST-MERGE MERGES EQUAL CONFLICTS
                                                what one poll finds and saw, and what becomes of it
A version is `-` (deleted) or a content and `x` (executable) or `r`. The merges of a poll are the
MERGES snapshots from FIRST-MERGE on; all snapshots stand before the first record that names them.
"""
import argparse

import heads


class Export:
    def __init__(self):
        self.lines, self.written, self.generation, self.contents = [], 0, [], {}

    def version(self, version):
        if version is None:
            return "-"
        content = self.contents.setdefault(version[0], len(self.contents) + 1)
        return f"{content}{'x' if version[1] else 'r'}"

    def snapshots(self, world):
        for snapshot in world.snapshots[self.written:]:
            parents = [self.generation[p] for p in snapshot.parents]
            self.generation.append(1 + max(parents, default=0))
            self.lines.append(f"s {self.version(snapshot.version)} {snapshot.rank} "
                              f"{self.generation[-1]} {ids(snapshot.parents)}")
        self.written = len(world.snapshots)

    def __call__(self, world, i, seen, discarded, first_merge):
        mine, unpublished, equal, conflicts, polled = seen
        if not polled:
            return
        self.snapshots(world)
        merges = len(world.snapshots) - first_merge
        self.lines.append(
            f"t {one(mine)} {ids(unpublished)} {ids(equal)} {ids(conflicts)} {ids(polled)} > "
            f"{one(world.current[i])} {int(discarded)} {first_merge} {merges} "
            f"{ids(world.equal[i])} {ids(world.conflicts[i])}")


def one(snapshot):
    return "-" if snapshot is None else str(snapshot)


def ids(snapshots):
    return ",".join(map(str, sorted(snapshots))) or "-"


def main():
    args = argparse.ArgumentParser(description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("histories", nargs="?", type=int, default=800)
    args = args.parse_args()
    for seed in range(args.histories):
        export = Export()
        if problem := heads.check(seed, record=export):
            raise SystemExit(f"history {seed}: {problem}")
        print("\n".join([f"h {seed}"] + export.lines))


if __name__ == "__main__":
    main()
