#!/usr/bin/env python3
"""Holds the code of core to values and functions: `purity.py FILE...`.

Exits 1 and names each line that brings in the outside world, or something that differs from run
to run or from machine to machine. Headers are listed by what is allowed, so a new way out needs
no new rule here: files, sockets, clocks, threads, atomics, random numbers, streams and locales
are not on the list, nor are unordered containers, whose order is not ours to say. Tests
(*_test.cc, testing/) may include what they like.
"""

import re
import sys

STANDARD = set("""
    algorithm array bit bitset cassert climits compare concepts cstddef cstdint cstring deque
    exception functional initializer_list iterator limits list map memory new numeric optional queue
    ranges set span stack stdexcept string string_view tuple type_traits utility variant vector
    version
""".split())
LIBRARY = re.compile(r"<(boost/(msm|mp11|mpl)|cereal)/[\w/]+\.hpp>")
OURS = re.compile(r'"core/[\w/]+\.h"')
INCLUDE = re.compile(r"\s*#\s*include\b\s*(.*?)\s*$")

# Arithmetic that rounds differently from machine to machine, state that outlives a call, and ways
# out that need no header of their own.
WORDS = re.compile(
    r"\b(float|double|thread_local|volatile|asm|__asm__|extern"
    r"|std::(rand|srand|time|clock|getenv|system|exit|printf|puts|hash|cout|cerr|clog|cin)"
    r"|__(DATE|TIME|TIMESTAMP)__)\b")

COMMENT_OR_LITERAL = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def without_comments(text, literals):
    """Blanks comments, and literals too if `literals`; keeps the line breaks."""
    def blank(match):
        found = match.group()
        if found.startswith("/"):
            return " " + "\n" * found.count("\n")
        return '""' + "\n" * found.count("\n") if literals else found
    return COMMENT_OR_LITERAL.sub(blank, text)


def may_include(what):
    bare = re.fullmatch(r"<(\w+)>", what)
    return bool(bare and bare.group(1) in STANDARD or LIBRARY.fullmatch(what)
                or OURS.fullmatch(what))


def findings(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for number, line in enumerate(without_comments(text, False).split("\n"), 1):
        include = INCLUDE.match(line)
        if include and not may_include(include.group(1)):
            yield f"{path}:{number}: core may not include {include.group(1)}"
    for number, line in enumerate(without_comments(text, True).split("\n"), 1):
        for word in WORDS.finditer(line):
            yield f"{path}:{number}: core may not use {word.group()}"


def main():
    files = [f for f in sys.argv[1:]
             if f.endswith((".h", ".cc")) and not f.endswith("_test.cc") and "/testing/" not in f]
    found = [finding for file in files for finding in findings(file)]
    for finding in found:
        print(finding)
    return 1 if found else 0


sys.exit(main())
