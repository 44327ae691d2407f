"""Loads a .pkl as a user of vLLM's sparse_benchmarks.py does and compares it with the .jsonl of the same records.

Usage: check_pickle.py WRITE_GOLDEN. Python's pickle finds the classes of stubs/; set PYTHONPATH to a
real PyTorch to try that one.
"""

import json
import math
import pathlib
import pickle
import pickletools
import subprocess
import sys

sys.path.append(str(pathlib.Path(__file__).parent / "stubs"))
from torch.utils.benchmark.utils.common import Measurement, TaskSpec  # noqa: E402


def rendering(program, name):
    return subprocess.run([program, name], check=True, stdout=subprocess.PIPE).stdout


def expect(what, is_, should_be):
    if is_ != should_be:
        sys.exit(f"{what} is {is_!r}, not {should_be!r}")


def expect_close(what, is_, should_be):
    if not math.isclose(is_, should_be):
        sys.exit(f"{what} is {is_!r}, not {should_be!r}")


def check(measurement, record):
    expect("class", type(measurement), Measurement)
    expect("class of task_spec", type(measurement.task_spec), TaskSpec)
    expect("label", measurement.label, record["label"])
    expect("sub_label", measurement.sub_label, record["sub_label"])
    ending = " (hot)" if record["cache"]["mode"] == "hot" else ""
    expect("description", measurement.description, record["kernel"] + ending)
    expect("stmt", measurement.stmt, record["kernel"])
    expect("setup", measurement.task_spec.setup, "pass")
    expect("global_setup", measurement.task_spec.global_setup, "")
    expect("env", measurement.task_spec.env, None)
    expect("num_threads", measurement.num_threads, 1)
    expect("metadata", measurement.metadata, None)
    launches = record["samples"]["launches_per_sample"]
    expect("number_per_run", measurement.number_per_run, launches)
    seconds = record["samples"]["device_s"]
    expect("number of raw_times", len(measurement.raw_times), len(seconds))
    for raw, once in zip(measurement.raw_times, seconds):
        expect_close("raw time", raw, once * launches)
    expect_close("mean", measurement.mean, record["summary"]["mean_s"])
    expect_close("median", measurement.median, record["summary"]["median_s"])


def check_all(program, name):
    data = rendering(program, f"{name}.pkl")
    opcodes = [(code.name, argument) for code, argument, _ in pickletools.genops(data)]
    expect("first opcode", opcodes[0], ("PROTO", 2))
    measurements = pickle.loads(data)
    expect("class of the whole", type(measurements), list)
    lines = rendering(program, f"{name}.jsonl").decode().splitlines()
    records = [json.loads(line) for line in lines[1:]]
    measured = [r for r in records if r["samples"] is not None and None not in r["samples"]["device_s"]]
    expect("measured records", len(measured) > 5, True)
    expect("unmeasured records in the pickle", len(measured) < len(records), True)
    expect("number of measurements", len(measurements), len(measured))
    for measurement, record in zip(measurements, measured):
        check(measurement, record)
    # torch.utils.benchmark.Compare merges measurements whose task_spec is equal.
    expect("distinct tasks", len({m.task_spec for m in measurements}), len(measurements))


if __name__ == "__main__":
    for which in ("range", "model"):
        check_all(sys.argv[1], which)
