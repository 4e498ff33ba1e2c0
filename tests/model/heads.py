#!/usr/bin/env python3
"""Executable model of the rule in docs/domain.md ("Taking in heads"), rules 1 to 8, for one path.

Several participants share ONE file. Each publishes exactly one head (its current snapshot) and sees
the others' heads late, in any order and sometimes stale. Some are passive: they adopt newer heads
but never merge, and stay stuck at their first conflict. The model checks, over random histories,
that after everything has been delivered
  - it terminates: no participant goes on making snapshots because of another's,
  - it converges: every participant that is not passive shows the same set of versions (its own file
    plus its conflict copies), and the same file where no conflict is left,
  - it loses nothing: every snapshot ever made is an ancestor of some published head; of one
    discarded under rule 8, the version is,
  - it swallows nothing: a merge made by an agent leaves out only deletes and contents another
    side's history already had.

It is written independently of core/merge/ and in another way (whole sets of ancestors, no partly
known histories); export_heads.py writes its decisions down and core/merge/model_test.cc compares
them with the program's. A version is None (deleted) or (content, executable bit).

Usage: heads.py [HISTORIES] [--from SEED] [--mutant NAME]
Exit status 1 and the first failing history if a check fails.
"""
import argparse
import itertools
import random
from collections import namedtuple

Snapshot = namedtuple("Snapshot", "version parents author rank")
MUTANTS = ["eager-equal", "vacuous", "no-absorb", "drop-mine", "discard-any", "discard-tip"]
MAX_ROUNDS = 60


def merge_versions(bases, mine, theirs):
    """Rule 4, the mode on its own. None for a conflict, else a list of one version."""
    if not bases:
        return None
    if bases == {theirs}:
        return [mine]
    if bases == {mine}:
        return [theirs]
    if None in bases or mine is None or theirs is None:
        return None
    merged = []
    for part in range(2):
        base = {b[part] for b in bases}
        if mine[part] == theirs[part] or base == {theirs[part]}:
            merged.append(mine[part])
        elif base == {mine[part]}:
            merged.append(theirs[part])
        else:
            return None
    return [tuple(merged)]


class World:
    def __init__(self, n, passive, rng, mutant=None, record=None):
        self.n, self.passive, self.rng, self.mutant = n, passive, rng, mutant
        self.record = record or (lambda *_: None)
        self.swallowed, self.discarded = [], set()
        self.stuck = set()                        # passive participants that met a conflict
        self.snapshots, self.ancestors = [], []   # ancestors[s] includes s
        self.current = [None] * n                 # what my file is at
        self.unpublished = [[] for _ in range(n)]  # snapshots of mine that nobody else has seen
        self.equal = [set() for _ in range(n)]    # heads my file contains: parents of my next
        self.conflicts = [set() for _ in range(n)]
        self.published = [[None] for _ in range(n)]  # all values of an entry, newest last

    def version(self, s):
        return self.snapshots[s].version

    def new(self, version, parents, author):
        s = len(self.snapshots)
        rank = self.rng.getrandbits(16)
        self.snapshots.append(Snapshot(version, frozenset(parents), author, rank))
        self.ancestors.append(frozenset({s}.union(*(self.ancestors[p] for p in parents))))
        self.unpublished[author].append(s)
        return s

    def is_ancestor(self, a, b):
        return a in self.ancestors[b]

    def maximal(self, heads):
        return {x for x in heads if not any(x != y and self.is_ancestor(x, y) for y in heads)}

    def preferred(self, heads):
        """Content before a delete, then one fixed order that every participant shares."""
        return sorted(heads, key=lambda s: (self.version(s) is None, self.snapshots[s].rank, s))

    def merge(self, version, parents, i):
        """A merge made by the agent, not by a user."""
        for p in parents:
            elsewhere = {self.version(a) for q in parents - {p} for a in self.ancestors[q]}
            elsewhere |= {version, None}
            if self.version(p) is not None:
                contents = {v[0] for v in elsewhere - {None}}
                bits = {v[1] for v in elsewhere - {None}}
                if self.version(p)[0] not in contents or self.version(p)[1] not in bits:
                    self.swallowed.append(p)
        return self.new(version, parents, i)

    # What a user does.
    def edit(self, i, version):
        mine = self.current[i]
        if (self.version(mine) if mine is not None else None) == version:
            return
        parents = self.equal[i] | ({mine} if mine is not None else set())
        self.current[i], self.equal[i] = self.new(version, parents, i), set()

    def resolve(self, i, version):
        parents = self.equal[i] | self.conflicts[i]
        if self.mutant != "drop-mine":
            parents |= {self.current[i]}
        self.current[i] = self.new(version, parents, i)
        self.equal[i], self.conflicts[i] = set(), set()

    # What the agent does.
    def publish(self, i):
        changed = self.published[i][-1] != self.current[i]
        if changed:
            self.published[i].append(self.current[i])
        self.unpublished[i] = []
        return changed

    def heads(self, i, rng):
        """What a poll of i sees; with rng some heads are missing or stale."""
        seen = set()
        for j, values in enumerate(self.published):
            if j != i and not (rng and rng.random() < 0.3):
                seen.add(rng.choice(values) if rng and rng.random() < 0.4 else values[-1])
        return seen - {None}

    def adopt_only(self, i, heads):
        before = self.current[i]
        for h in sorted(heads):
            if i in self.stuck:
                break
            if self.current[i] is None or self.is_ancestor(self.current[i], h):
                self.current[i] = h
            elif not self.is_ancestor(h, self.current[i]):
                self.stuck.add(i)
        return before != self.current[i]

    def discard(self, i, heads):
        """Rule 8. Returns the head to stand on instead of our unpublished chain, or None."""
        chain = self.unpublished[i]
        if not chain or chain[-1] != self.current[i]:
            return None
        compared = chain[-1:] if self.mutant == "discard-tip" else chain
        parents = {p for u in chain for p in self.snapshots[u].parents} - set(chain)
        if self.mutant == "discard-any":
            parents = set()
        instead = {h for h in heads
                   if not self.is_ancestor(h, self.current[i])
                   and all(self.version(u) == self.version(h) for u in compared)
                   and all(self.is_ancestor(p, h) for p in parents)}
        return self.preferred(self.maximal(instead))[0] if instead else None

    def integrate(self, i, rng=None):
        """Takes in all heads at once, until nothing changes. Returns whether anything changed."""
        heads = self.heads(i, rng)
        if i in self.passive:
            return self.adopt_only(i, heads)
        seen = (self.current[i], list(self.unpublished[i]), set(self.equal[i]),
                set(self.conflicts[i]), heads)
        first_merge = len(self.snapshots)
        before = (self.current[i], frozenset(self.equal[i]), frozenset(self.conflicts[i]))
        instead = self.discard(i, heads | self.equal[i] | self.conflicts[i])
        if instead is not None:
            self.discarded |= set(self.unpublished[i])
            self.unpublished[i], self.current[i] = [], instead
        while self.round(i, heads | self.equal[i] | self.conflicts[i]):
            pass
        self.record(self, i, seen, instead is not None, first_merge)
        return before != (self.current[i], frozenset(self.equal[i]), frozenset(self.conflicts[i]))

    def judge(self, i, mine, theirs):
        """Rules 3 to 6: None for a conflict, else (noted as equal?, version to take)."""
        nearest = self.maximal(self.ancestors[mine] & self.ancestors[theirs])
        base = {self.version(b) for b in nearest}
        a, b = self.version(mine), self.version(theirs)
        if a == b:
            return self.mutant != "eager-equal", b
        if not base and self.mutant == "vacuous":
            return True, a
        if merged := merge_versions(base, a, b):
            return merged == [a], merged[0]
        if any(self.is_ancestor(e, theirs) and self.version(e) == a for e in self.equal[i]):
            return False, b                       # they changed what I had noted to be mine
        if b is None:
            return True, a                        # a change outlives a concurrent delete
        return (False, b) if a is None else None

    def round(self, i, heads):
        """One round; returns whether another one is due (a merge was made)."""
        mine = self.current[i]
        if mine is None:
            if not heads:
                return False
            mine = self.preferred(self.maximal(heads))[0]
        while newer := {h for h in self.maximal(heads) if h != mine and self.is_ancestor(mine, h)}:
            mine = self.preferred(newer)[0]       # fast-forward
        equal, conflicts, take = set(), set(), []
        for theirs in self.preferred(self.maximal(heads | {mine}) - {mine}):
            verdict = self.judge(i, mine, theirs)
            if verdict is None:
                conflicts.add(theirs)
            elif verdict[0]:
                equal.add(theirs)
            else:
                take.append((theirs, verdict[1]))
        if take:  # one merge snapshot; what is left is judged again against it in the next round
            theirs, version = take[0]
            self.current[i] = self.merge(version, {mine, theirs} | equal, i)
            self.equal[i], self.conflicts[i] = set(), conflicts | {t for t, _ in take[1:]}
            return True
        if self.mutant != "no-absorb" and any(self.version(e) != self.version(mine) for e in equal):
            # Their owner may never merge: show to all that mine contains theirs. (The program waits
            # two polls.)
            self.current[i] = self.merge(self.version(mine), {mine} | equal, i)
            self.equal[i], self.conflicts[i] = set(), conflicts
            return True
        self.current[i], self.equal[i], self.conflicts[i] = mine, equal, conflicts
        return False

    def versions(self, i):
        mine = self.current[i]
        conflicts = [self.version(c) for c in self.conflicts[i]]
        return frozenset([None if mine is None else self.version(mine)] + conflicts)


def live(world, rng):
    """What people do, with partial and stale polls in between."""
    fresh = itertools.count()
    for _ in range(rng.randint(3, 60)):
        i, what = rng.randrange(world.n), rng.random()
        if i in world.stuck and what < 0.5:
            continue
        mine = None if world.current[i] is None else world.version(world.current[i])
        if what < 0.25:
            bit = mine[1] if mine else rng.random() < 0.1
            world.edit(i, (rng.choice([f"common{rng.randrange(2)}", f"unique{next(fresh)}"]), bit))
        elif what < 0.3:
            if mine:
                world.edit(i, (mine[0], not mine[1]))
        elif what < 0.4:
            world.edit(i, None)
        elif what < 0.5:
            if world.conflicts[i]:
                given = sorted(world.versions(i), key=str) + [(f"merged{next(fresh)}", False)]
                world.resolve(i, rng.choice(given))
        elif what < 0.75:
            world.publish(i)
        else:
            world.integrate(i, rng)


def settle(world, rng):
    """Everything is delivered and nobody edits. Returns whether it comes to rest."""
    for _ in range(MAX_ROUNDS):
        order = rng.sample(range(world.n), world.n)
        if rng.random() < 0.5:  # everybody reads before anybody writes
            changed = any([world.integrate(i) for i in order])
            changed |= any([world.publish(i) for i in order])
        else:
            changed = any([world.publish(i) | world.integrate(i) for i in order])
        if not changed and [values[-1] for values in world.published] == world.current:
            return True
    return False


def check(seed, mutant=None, record=None):
    rng = random.Random(seed)
    n = rng.randint(2, 5)
    world = World(n, set(rng.sample(range(n), rng.choice([0, 0, 0, 1]))), rng, mutant, record)
    live(world, rng)
    if not settle(world, rng):
        return "does not terminate"
    if world.swallowed:
        return f"versions swallowed: {world.swallowed}"
    active = [i for i in range(world.n) if i not in world.passive]
    if len({world.versions(i) for i in active}) != 1:
        shown = [sorted(map(str, world.versions(i))) for i in active]
        return f"participants show different versions: {shown}"
    heads = [values[-1] for values in world.published if values[-1] is not None]
    reachable = set().union(*(world.ancestors[head] for head in heads))
    lost = set(range(len(world.snapshots))) - reachable - world.discarded
    kept = {world.version(s) for s in reachable}
    lost |= {s for s in world.discarded if world.version(s) not in kept}
    return f"snapshots lost: {sorted(lost)}" if lost else None


def main():
    args = argparse.ArgumentParser(description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("histories", nargs="?", type=int, default=5000)
    args.add_argument("--from", dest="first", type=int, default=0)
    args.add_argument("--mutant", choices=MUTANTS)
    args = args.parse_args()
    for seed in range(args.first, args.first + args.histories):
        if problem := check(seed, args.mutant):
            raise SystemExit(f"history {seed}: {problem}")
    print(f"{args.histories} histories hold")


if __name__ == "__main__":
    main()
