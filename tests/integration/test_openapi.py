#!/usr/bin/env python3
"""docs/api/openapi.json and the server's table of routes must say the same: every route with its listener, query, callers,
action and summary, and no other. What the document refers to must be in it, and the page docs/api/README.md must name every path.

usage: test_openapi.py PRINT_ROUTES SOURCE
"""
import json
import re
import subprocess
import sys
from pathlib import Path

faults = []


def no_twice(pairs):
    keys = [key for key, _ in pairs]
    for key in {key for key in keys if keys.count(key) > 1}:
        faults.append(f"openapi.json: key {key} stands twice")
    return dict(pairs)


source = Path(sys.argv[2])
document = json.loads((source / "docs/api/openapi.json").read_text(), object_pairs_hook=no_twice)
page = (source / "docs/api/README.md").read_text()
table = subprocess.run([sys.argv[1]], check=True, capture_output=True, text=True).stdout

wanted = {}
for line in table.splitlines():
    listener, method, path, query, roles, action, summary = line.split("\t")
    wanted.setdefault((method, path), []).append((listener, query, tuple(roles.split()), action, summary))

found = {}
for path, item in document["paths"].items():
    for method, operation in item.items():
        query = "&".join(p["name"] for p in operation.get("parameters", []) if p["in"] == "query")
        for entry in operation["x-callers"]:
            found.setdefault((method, path), []).append((entry["listener"], query, tuple(entry["roles"]),
                                                         operation.get("x-action", "none"), operation["summary"]))
        for name in re.findall(r"{(\w+)}", path):
            if not any(p["name"] == name and p["in"] == "path" for p in operation.get("parameters", [])):
                faults.append(f"{method} {path}: parameter {name} is not described")
        if not any(status.startswith("2") for status in operation["responses"]):
            faults.append(f"{method} {path}: no answer that is good")

for key in sorted(wanted.keys() | found.keys()):
    if sorted(wanted.get(key, [])) != sorted(found.get(key, [])):
        faults.append(f"{key[0]} {key[1]}: the table says {wanted.get(key)}, openapi.json {found.get(key)}")
    if key[1] not in page and key[1].removesuffix("/begin") not in page:
        faults.append(f"{key[1]} is not in docs/api/README.md")


def check_references(value, where):
    if isinstance(value, dict):
        reference = value.get("$ref")
        if reference is not None:
            at = document
            for part in reference.removeprefix("#/").split("/"):
                at = at.get(part) if isinstance(at, dict) else None
            if at is None:
                faults.append(f"{where}: {reference} is not there")
        for key, inner in value.items():
            check_references(inner, f"{where}/{key}")
    elif isinstance(value, list):
        for inner in value:
            check_references(inner, where)


check_references(document, "openapi.json")
for fault in faults:
    print("openapi:", fault)
print(f"openapi: {len(wanted)} routes, {len(faults)} faults")
sys.exit(bool(faults) or not wanted)
