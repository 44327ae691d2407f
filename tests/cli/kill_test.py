#!/usr/bin/env python3
"""Kills the process that measures, or the one that supervises it, at random moments, and resumes: every
row that was finished must be kept, and none may be there twice.

Usage: kill_test.py PROGRAM [TIMES [SEED]]      TIMES of each of the two; default 3
"""

import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

SLOT_BYTES = 4096  # of a part file, before its lines
SWEEP = (
    "--dtype int8 --device cpu --providers mock --threads 1 --precision 0.3 --max-time 0.12 --cache both "
    "square_bench --dim-start 16 --dim-end 96 --dim-increment 16"
).split()
ROWS = 6 * 5 * 2


def identity(line):
    row = json.loads(line)
    return row["case_index"], row["kernel"], row["cache"]["mode"]


def whole_lines(data):
    """Lines with their end."""
    return data[: data.rfind(b"\n") + 1].splitlines()


def rows_in(folder):
    """What is finished, in the .jsonl or in the part file beside it: identity -> line."""
    rows = {}
    for file in folder.iterdir():
        try:
            data = file.read_bytes()
        except FileNotFoundError:  # the part file, which goes when the run has ended
            continue
        if file.suffix == ".part":
            data = data[SLOT_BYTES:]
        elif file.suffix != ".jsonl":
            continue
        for line in whole_lines(data):
            if line.startswith(b'{"type":"record"'):
                rows.setdefault(identity(line), line)
    return rows


def child_of(pid):
    try:
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return None
    return int(children[0]) if children else None


def kill_once(program, folder, moment, victim):
    """One run that loses `victim` at `moment`: so many rows, and so many seconds after them. Returns its exit code
    and the rows that were finished."""
    target, seconds = moment
    process = subprocess.Popen(
        [program, "--output-dir", folder, *SWEEP], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and len(rows_in(folder)) < target:
        time.sleep(0.002)
    time.sleep(seconds)
    child = child_of(process.pid)
    pid = process.pid if victim == "parent" else child
    if pid is not None:
        try:
            subprocess.run(["kill", "-9", str(pid)], stderr=subprocess.DEVNULL, check=False)
        except OSError:
            pass
    code = process.wait()
    while victim == "parent" and child and pathlib.Path(f"/proc/{child}/stat").exists():
        state = pathlib.Path(f"/proc/{child}/stat")
        try:
            if ") Z " in state.read_text():
                break
        except OSError:
            break
        time.sleep(0.005)
    return code, rows_in(folder)


def resume(program, folder):
    jsonl = list(folder.glob("*.jsonl"))
    if not jsonl or not jsonl[0].read_bytes():
        return None
    done = subprocess.run(
        [program, "--resume", jsonl[0], *SWEEP], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )
    return jsonl[0], done


def check(program, moment, victim):
    """Returns how many rows were finished at the kill."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        code, before = kill_once(program, folder, moment, victim)
        where = f"{victim} killed {moment[1]:.3f} s after {moment[0]} rows, exit code {code}"
        resumed = resume(program, folder)
        if resumed is None:
            if before:
                sys.exit(f"{where}: no .jsonl, but rows were finished")
            return 0
        jsonl, done = resumed
        # A file without an environment belongs to a run that had not begun.
        if done.returncode == 2 and not before:
            return 0
        lines = [x for x in whole_lines(jsonl.read_bytes()) if x.startswith(b'{"type":"record"')]
        after = {identity(line): line for line in lines}
        if len(after) != len(lines):
            sys.exit(f"{where}: a row is there twice")
        lost = [key for key, line in before.items() if after.get(key) != line]
        if lost:
            sys.exit(f"{where}: rows are lost or changed: {lost}")
        failed = [json.loads(x) for x in lines if b'"kind":"failed"' in x]
        if any(row["outcome"]["reason"] != "ended by SIGKILL" for row in failed) or len(failed) > 1:
            sys.exit(f"{where}: {[row['outcome'] for row in failed]}")
        # Controls come where there is time for them. One row that failed stands for both of its cache modes.
        results = [x for x in lines if b'"twin_of"' not in x]
        failed = [row for row in failed if "twin_of" not in row]
        if len(results) + len(failed) != ROWS or done.returncode not in (0, 1):
            sys.exit(f"{where}: {len(results)} rows, exit code {done.returncode}: {done.stderr.decode()}")
        if list(folder.glob("*.part")):
            sys.exit(f"{where}: the part file is still there")
        return len(before)


def main(program, times, seed):
    draw = random.Random(seed)
    for victim in ("child", "parent"):
        rows = [check(program, (draw.randrange(ROWS), draw.uniform(0, 0.15)), victim) for _ in range(times)]
        print(f"{victim} killed {times} times: finished rows kept, of {ROWS}: {sorted(rows)}")


if __name__ == "__main__":
    main(sys.argv[1], int((sys.argv[2:3] or ["3"])[0]), int((sys.argv[3:4] or [str(time.time_ns())])[0]))
