#!/usr/bin/env python3
"""Checks docs/data-loss.md: `data_loss.py TABLE` in the checkout.

Each of the cases L1 to L34 has one row of four cells, in order. The last cell names at least one
file, or begins with `does not apply:` and a reason. Every file named in a row exists, every
`Suite.Test` named is in one of that row's files, and every tests/scenarios/loss_L*.scenario is
named in the row of its number. Exits 1 and names each place.
"""
import glob
import os
import re
import sys

CASES = 34
NO_REASON = "does not apply:"


def complaints(number, cells):
    if len(cells) != 4:
        return ["has %d cells; expected 4" % len(cells)]
    found = ["cell %d is empty" % i for i, cell in enumerate(cells, 1) if not cell]
    names = re.findall(r"`([^`]+)`", " ".join(cells[2:]))
    files = [name for name in names if "/" in name]
    found += ["%s does not exist" % name for name in files if not os.path.isfile(name)]
    texts = [open(name, encoding="utf-8").read() for name in files if os.path.isfile(name)]
    for name in names:
        suite = re.fullmatch(r"(\w+)\.([A-Z]\w+)", name)
        if suite and not any(re.search(r"\b%s,\s*%s\b" % suite.groups(), text) for text in texts):
            found.append("no file of the row has the test %s" % name)
    shown = re.findall(r"`(tests/[^`]+|[^`]+_test\.[^`]+)`", cells[3])
    if cells[3].startswith(NO_REASON):
        if not cells[3][len(NO_REASON):].strip():
            found.append("gives no reason")
    elif not shown:
        found.append("names no scenario or test, and does not say `%s`" % NO_REASON)
    for file in sorted(glob.glob("tests/scenarios/loss_L%02d_*.scenario" % number)):
        if file not in files:
            found.append("does not name %s" % file)
    return found


def main(table):
    rows = []
    for line in open(table, encoding="utf-8"):
        row = re.match(r"\| L(\d+) \|(.*)\|\s*$", line)
        if row:
            rows.append((int(row[1]), [cell.strip() for cell in row[2].split(" | ")]))
    bad = []
    if [number for number, _ in rows] != list(range(1, CASES + 1)):
        bad.append("the rows are not L1 to L%d, each once, in order" % CASES)
    for number, cells in rows:
        bad += ["L%d %s" % (number, text) for text in complaints(number, ["L"] + cells)]
    for text in bad:
        print("%s: %s" % (table, text))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
