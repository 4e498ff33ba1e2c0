"""What was measured: rows and targets, as a table for people and as a document for programs."""

import json
import os
import platform
import subprocess
import time


class Report:
    def __init__(self, quick):
        self.quick = quick
        self.rows = []
        self.targets = []
        self.failures = []
        self.details = []  # (title, [line])
        self.started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def row(self, case, metric, tool, value, unit, note="", samples=None):
        self.rows.append({"case": case, "metric": metric, "tool": tool, "value": value,
                          "unit": unit, "note": note, "samples": samples or []})

    def value(self, case, metric, tool):
        """The last one, or None when it was not measured."""
        found = [row["value"] for row in self.rows
                 if (row["case"], row["metric"], row["tool"]) == (case, metric, tool)]
        return found[-1] if found else None

    def target(self, case, text, value, limit, unit):
        """Reached when value <= limit. A value of None was not measured, and is not reached."""
        reached = value is not None and value <= limit
        self.targets.append({"case": case, "target": text, "value": value, "limit": limit,
                             "unit": unit, "reached": reached, "measured": value is not None})

    def ratio_target(self, case, metric, peer, limit, peer_metric=None, unit="x"):
        """Kinfolder's value against that of `peer`."""
        ours = self.value(case, metric, "kinfolder")
        theirs = self.value(case, peer_metric or metric, peer)
        ratio = ours / theirs if ours is not None and theirs else None
        self.target(case, f"{metric} at most {limit} x {peer}", ratio, limit, unit)

    def fail(self, case, tool, text):
        self.failures.append({"case": case, "tool": tool, "error": text})

    def document(self, machine):
        return json.dumps({"format": 1, "started": self.started, "quick": self.quick,
                           "machine": machine, "rows": self.rows, "targets": self.targets,
                           "details": dict(self.details),
                           "failures": self.failures}, indent=2)

    def text(self, machine):
        lines = [f"{key}: {value}" for key, value in machine.items()]
        lines += ["quick sizes: the targets are meant for the full ones"] if self.quick else []
        for case in dict.fromkeys(row["case"] for row in self.rows):
            lines += ["", case] + self._case_lines(case)
        for title, details in self.details:
            lines += ["", title] + [f"  {each}" for each in details]
        lines += ["", "targets"] + [self._target_line(each) for each in self.targets]
        for each in self.failures:
            lines.append(f"FAILED {each['case']}, {each['tool']}: {each['error']}")
        return "\n".join(lines)

    def _case_lines(self, case):
        lines = [f"  {'':<42} {'':<12} {'':>14}  kinfolder / it"]
        last = None
        for row in self.rows:
            if row["case"] != case:
                continue
            ours = self.value(case, row["metric"], "kinfolder")
            ratio = ""
            if ours is not None and row["tool"] != "kinfolder" and row["value"]:
                ratio = f"{ours / row['value']:.2f}"
            metric = row["metric"] if row["metric"] != last else ""
            last = row["metric"]
            note = f"  {row['note']}" if row["note"] else ""
            lines.append(f"  {metric:<42} {row['tool']:<12} "
                         f"{show(row['value'], row['unit']):>14}  {ratio:>6}{note}".rstrip())
        return lines

    @staticmethod
    def _target_line(target):
        if not target["measured"]:
            return f"  not measured  {target['case']}: {target['target']}"
        verdict = "reached     " if target["reached"] else "NOT REACHED "
        return (f"  {verdict}  {target['case']}: {target['target']}: "
                f"{show(target['value'], target['unit'])}")


def show(value, unit):
    if unit == "s":
        return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"
    if unit == "bytes":
        return f"{value / 1e6:.1f} MB"
    if unit == "%":
        return f"{value:.4f} %"
    if unit == "x":
        return f"{value:.2f}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


# --- the machine ---

def first_line(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20,
                              check=False).stdout.strip().splitlines()[0]
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return "not there"


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def file_system(path):
    """Type, device and options of the mount that `path` is on."""
    best = ("", "unknown")
    with open("/proc/self/mounts", encoding="utf-8") as file:
        for line in file:
            device, mount, kind, options = line.split()[:4]
            mount = mount.encode().decode("unicode_escape")
            inside = os.path.realpath(path).startswith(mount.rstrip("/") + "/")
            if inside and len(mount) >= len(best[0]):
                best = (mount, f"{kind} on {device} ({options})")
    return best[1]


def facts(path, kinfolder):
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": f"{cpu_model()}, {len(os.sched_getaffinity(0))} cores",
        "memory": f"{memory / 2**30:.1f} GiB",
        "kernel": platform.release(),
        "file system": file_system(path),
        "load at the start": " ".join(f"{each:.2f}" for each in os.getloadavg()),
        "kinfolder": first_line([kinfolder, "--version"]),
        "syncthing": first_line(["syncthing", "--version"]),
        "unison": first_line(["unison", "-version"]),
        "rsync": first_line(["rsync", "--version"]),
    }
