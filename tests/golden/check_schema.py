"""Validates the records of WRITE_GOLDEN, and any .jsonl given, against schema/*.schema.json. Then shows that the
schemas refuse what is wrong.

Usage: check_schema.py WRITE_GOLDEN [FILE.jsonl or dispatch table ...]
"""

import copy
import json
import pathlib
import subprocess
import sys

SKIPPED = 77  # the exit code that CTest is told of

try:
    import jsonschema
    jsonschema.Draft202012Validator
except (ImportError, AttributeError):
    print(f"skipped: {sys.executable} has no jsonschema of version 4 or later (Debian package python3-jsonschema)")
    sys.exit(SKIPPED)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def load_schema(name):
    schema = json.loads((ROOT / "schema" / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def reject_constant(text):
    raise ValueError(f"{text} is not JSON")


def parse(line):
    return json.loads(line, parse_constant=reject_constant)


def validate(schema, value, where):
    errors = [f"{where}: {e.json_path}: {e.message}" for e in schema.iter_errors(value)]
    if errors:
        sys.exit("\n".join(errors))


def objects_of(value, path=()):
    """Every object in `value`, as the path to it."""
    if isinstance(value, dict):
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        if isinstance(inner, (dict, list)):
            yield from objects_of(inner, path + (key,))


def at(value, path):
    for key in path:
        value = value[key]
    return value


# Members of these objects have names of their own, and none is required.
OPEN_OBJECTS = ("details", "multiply_adds_per_s", "sparse_multiply_adds_per_s")


# Members that are absent where there is nothing to say.
OPTIONAL = ("accumulation", "calls", "cases", "instances", "lost_algorithms", "prefill_only", "quota_throttled_share", "rest_share", "switches", "tokens")


def wrong_variants(value):
    """Copies of `value` with a member gone, of another type, or added."""
    for path in objects_of(value):
        is_open = bool(path) and path[-1] in OPEN_OBJECTS
        for key in at(value, path):
            if not is_open and key not in OPTIONAL:
                gone = copy.deepcopy(value)
                del at(gone, path)[key]
                yield f"without {path + (key,)}", gone
            other = copy.deepcopy(value)
            at(other, path)[key] = [{}]
            yield f"with another type of {path + (key,)}", other
        if path[-1:] != ("details",):
            more = copy.deepcopy(value)
            at(more, path)["unheard_of"] = 1
            yield f"with more in {path}", more


def refuse_wrong(schema, value, where):
    count = 0
    for what, wrong in wrong_variants(value):
        count += 1
        if schema.is_valid(wrong):
            sys.exit(f"{where} {what} is valid and should not be")
    return count


# As tests/unit/report_attempt_test.cpp has it from the program.
ATTEMPT = (
    '{"type":"attempt","schema_version":2,"case_index":3,"kernel":"mm","algorithm":"tile \\"8\\"",'
    '"ended":"ended by SIGSEGV"}'
)


def main(program, files):
    environment, record, attempt = load_schema("environment"), load_schema("record"), load_schema("attempt")
    validate(attempt, parse(ATTEMPT), "the attempt")
    texts = {f: pathlib.Path(f).read_text() for f in files if not f.endswith(".json")}
    for name in files:
        if name.endswith(".json"):
            validate(load_schema("dispatch"), parse(pathlib.Path(name).read_text()), name)
    for name in ("range.jsonl", "model.jsonl"):
        done = subprocess.run([program, name], check=True, stdout=subprocess.PIPE)
        texts[name] = done.stdout.decode()
    refused = refuse_wrong(attempt, parse(ATTEMPT), "the attempt")
    for name, text in texts.items():
        first, *rest = (parse(line) for line in text.splitlines())
        validate(environment, first, f"{name} line 1")
        refused += refuse_wrong(environment, first, f"{name} line 1")
        if not rest:
            sys.exit(f"{name} has no records")
        for number, value in enumerate(rest, 2):
            schema = attempt if value.get("type") == "attempt" else record
            validate(schema, value, f"{name} line {number}")
            refused += refuse_wrong(schema, value, f"{name} line {number}")
    change = load_schema("change")
    changes = subprocess.run([program, "compare.jsonl"], check=True, stdout=subprocess.PIPE).stdout.decode()
    for number, line in enumerate(changes.splitlines(), 1):
        validate(change, parse(line), f"compare.jsonl line {number}")
        refused += refuse_wrong(change, parse(line), f"compare.jsonl line {number}")
    dispatch = load_schema("dispatch")
    table = parse(subprocess.run([program, "dispatch.json"], check=True, stdout=subprocess.PIPE).stdout.decode())
    validate(dispatch, table, "dispatch.json")
    refused += refuse_wrong(dispatch, table, "dispatch.json")
    print(f"{sum(t.count(chr(10)) for t in texts.values())} lines valid, {refused} wrong ones refused")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
