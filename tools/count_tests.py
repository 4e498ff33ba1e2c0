#!/usr/bin/env python3
"""Counts the results of one `bazel test` from its build event file (JSON, one event a line).

Prints `PASSED FAILED`. A target that could not be built counts as one failure. A test that was
built but left out by a filter counts as nothing. An unreadable file counts as one failure.
"""

import json
import sys


def count(path):
    passed, failed = set(), set()
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            name = event["id"]
            if "testSummary" in name:
                status = event.get("testSummary", {}).get("overallStatus")
                (passed if status == "PASSED" else failed).add(name["testSummary"]["label"])
            elif "targetCompleted" in name:
                if not event.get("completed", {}).get("success", False):
                    failed.add(name["targetCompleted"]["label"])
            elif "pattern" in name and "aborted" in event:
                failed.add(" ".join(name["pattern"]["pattern"]))
    return len(passed - failed), len(failed)


def main():
    try:
        print(*count(sys.argv[1]))
    except (OSError, ValueError, KeyError, AttributeError) as error:
        print(f"count_tests: {sys.argv[1]}: {error}", file=sys.stderr)
        print(0, 1)


main()
