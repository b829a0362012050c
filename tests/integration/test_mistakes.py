#!/usr/bin/env python3
"""Every field of NodePolicy, ReferenceSet and AccessPolicy, mistyped, of another type, empty or missing: the reader names file,
line and field, and the JSON Schema for editors refuses the same.

usage: test_mistakes.py GARBOARD SOURCE
"""
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys
import tempfile

GARBOARD, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
try:
    import jsonschema
except ImportError:
    jsonschema = None
    print("python3-jsonschema is not here: the schema is not compared")
schema = json.loads(subprocess.run([GARBOARD, "schema"], check=True, capture_output=True, text=True).stdout)
valid = jsonschema.Draft7Validator(schema).is_valid if jsonschema else None
faults = []
HEX = "00112233445566778899aabbccddeeff" * 2
PEM = pathlib.Path(SOURCE / "tests/cases/root.pem").read_text()
HEAD = {"apiVersion": "garboard.dev/v1alpha1"}
SIGNATURES = [{"key": HEX, "value": "A" * 86 + "=="}]

NODE = {**HEAD, "kind": "NodePolicy", "metadata": {"name": "p", "version": 3, "signatures": SIGNATURES}, "spec": {
    "mode": "enforce", "priority": 10, "nodes": {"labels": {"site": "fra-2"}, "names": ["worker-*"]}, "referenceSets": ["s"], "require": ["os"],
    "engine": {"paths": ["/opt/cni/bin/"]}, "secureBoot": {"state": "on", "dbx": {"contains": [HEX]}, "sbat": {"shim": 4}},
    "deny": [{"sha256": HEX, "sha384": HEX + HEX[:32], "sha512": HEX + HEX, "reason": "old shim"}],
    "cmdline": {"require": ["ima_policy=tcb"], "allow": ["root=*"], "deny": ["init=*"]}, "optionRoms": "known",
    "tpm": {"hardware": "any", "allow": [{"manufacturer": "IFX", "model": "SLB*", "firmware": ">=7.85"}], "deny": [{"manufacturer": "ABC"}]},
    "freshness": "5m", "identity": {"expired": "refuse"},
    "ima": {"violations": "refuse", "criticalData": "known", "signers": [{"name": "debian", "certificate": PEM, "paths": ["/usr/"]}],
            "exceptions": [{"path": "/var/x", "reason": "why", "until": "2033-01-01"}]}}}
EVENT = {"link": "kernel", "pcr": 4, "type": "EV_IPL", "about": "a", "value": "v", "sha256": HEX, "sha384": HEX + HEX[:32], "sha512": HEX + HEX}
SET = {**HEAD, "kind": "ReferenceSet", "metadata": {"name": "s", "version": 1, "signatures": SIGNATURES}, "spec": {
    "class": "os", "life": "accepted", "source": "x", "events": [EVENT],
    "appliesTo": {"vendor": "Dell*", "model": "m", "firmware": "f", "distribution": "debian", "kernel": "6.*", "labels": {"site": "fra-2"}}}}
FILES = {**HEAD, "kind": "ReferenceSet", "metadata": {"name": "f", "version": 1}, "spec": {
    "class": "packages", "files": {"algorithm": "sha256", "digests": [HEX + " /bin/a"]},
    "verityFiles": {"algorithm": "sha256", "list": HEX + "  /bin/a\n"}}}
GONE = {**HEAD, "kind": "ReferenceSet", "metadata": {"name": "g", "version": 2, "deleted": True}}
ACCESS = {**HEAD, "kind": "AccessPolicy", "metadata": {"name": "a", "version": 1}, "spec": {
    "people": [{"name": "ada", "roles": ["admin"]}, {"name": "olaf", "roles": ["security-officer"]},
               {"name": "bob", "token": {"issuer": "https://id.example/", "subject": "b"}, "roles": ["auditor"]},
               {"name": "sec", "token": {"issuer": "https://id.example/", "claim": "groups", "value": "sec"}, "roles": ["auditor"]}],
    "issuers": [{"issuer": "https://id.example/", "audience": "garboard", "jwks": "https://id.example/k", "algorithms": ["ES256"]}],
    "twoPerson": ["policy"]}}
BASE = {"node": NODE, "set": SET, "files": FILES, "gone": GONE, "access": ACCESS}
FREE = ("labels", "sbat")  # whose keys are the officer's own


def emit(value, path, indent, lines, out):
    """Block style, each key and item on a line of its own; `lines` learns where each path stands."""
    pad = "  " * indent
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        here = path + (key,)
        lead = pad + (f"{key}:" if isinstance(value, dict) else "-")
        lines[here] = len(out) + 1
        if isinstance(item, (dict, list)) and item:
            out.append(lead)
            emit(item, here, indent + 1, lines, out)
        elif isinstance(item, str) and item.count("\n") > 0:
            out.append(lead + " |")
            out += [pad + "  " + line for line in item.splitlines()]
        elif isinstance(item, bool) or isinstance(item, int):
            out.append(f"{lead} {json.dumps(item)}")
        else:
            out.append(f"{lead} {json.dumps(item)}")


def run(documents):
    lines, out = {}, []
    for name, document in documents.items():
        out.append("---")
        emit(document, (name,), 0, lines, out)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write("\n".join(out) + "\n")
        file.flush()
        done = subprocess.run([GARBOARD, "verify", SOURCE / "tests/cases/evidence/good", "--policy", file.name], capture_output=True, text=True)
        return done.returncode in (0, 1), done.stderr.replace(file.name, "x.yaml").strip(), lines, out


def paths(value, path):
    """Every key and item, as a path."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield path + (key,)
        if isinstance(item, (dict, list)):
            yield from paths(item, path + (key,))


def at(documents, path):
    for key in path:
        documents = documents[key]
    return documents


def mutants():
    for name, document in BASE.items():
        for path in paths(document, (name,)):
            parent, key, value = path[:-1], path[-1], at(BASE, path)
            free = parent[-1] in FREE
            if isinstance(key, str) and not free:
                # Doubled, a letter is mistyped; at the end, so that no other name is nearer.
                yield "mistyped", path, lambda p, k=key, v=value: (p.pop(k), p.__setitem__(k + k[-1], v))
                yield "missing", path, lambda p, k=key: p.pop(k)
            for kind, other in (("list", ["x"]), ("empty list", []), ("mapping", {"x": "y"}), ("empty mapping", {}), ("text", "some words, x"),
                                ("empty text", ""), ("number", 77777777777777777777), ("null", None)):
                yield kind, path, lambda p, k=key, o=other: p.__setitem__(k, o)


def judge(mutant):
    what, path, change = mutant
    documents = json.loads(json.dumps(BASE)) # nothing is shared
    change(at(documents, path[:-1]))
    ok, said, lines, out = run(documents)
    good = all(valid(document) for document in documents.values()) if valid else ok
    where = "/".join(map(str, path))
    line = lines.get(path) or lines.get(path[:-1] + (str(path[-1]) + str(path[-1])[-1],)) or lines.get(path[:-1])
    return what, where, path, ok, good, said, line, out


# Names of other documents, which no schema can follow.
REFERENCES = {("list", "node/spec/referenceSets"), ("text", "access/spec/people/2/token/issuer"), ("text", "access/spec/people/3/token/issuer"),
              ("missing", "access/spec/issuers"), ("empty list", "access/spec/issuers")}
# What is refused elsewhere: at who names it.
ELSEWHERE = REFERENCES | {("number", "set/metadata/name"), ("null", "set/metadata/name")}


def check(what, where, path, ok, good, said, line, out):
    if ok:
        # Text is text: 7 and null are words to the reader. A custom resource wants them in quotes, and so does the schema.
        if valid and not good and what not in ("number", "null"):
            return "is read, and the schema refuses it"
        if what == "mistyped":
            return "is read"
        return None
    told = re.match(r"garboard: x\.yaml:(\d+): ", said)
    if not told:
        return f"is told without file and line: {said}"
    if what == "mistyped" and not re.search(rf'unknown field "{path[-1]}.?".* \(did you mean "{path[-1]}"\?\)', said):
        return f"is told without the nearest name: {said}"
    if what not in ("mistyped", "missing") and (what, where) not in ELSEWHERE and abs(int(told[1]) - line) > 1:
        return f"stands in line {line}, and is told of another: {said}"
    if valid and good and (what, where) not in REFERENCES:
        return f"is taken by the schema, and refused by the reader: {said}"
    return None


ok, said, _, _ = run(BASE)
if not ok or (valid and not all(map(valid, BASE.values()))):
    sys.exit(f"the documents themselves are refused: {said}")
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    results = list(pool.map(judge, mutants()))
for result in results:
    fault = check(*result)
    if fault:
        faults.append(f"{result[1]}, {result[0]}: {fault}")
refused = sum(not result[3] for result in results)
if len(results) < 1500 or refused < 1000:
    faults.append(f"{len(results)} mistakes, {refused} refused: this test makes too few")
print("\n".join(faults) or f"{len(results)} mistakes, {refused} refused")
sys.exit(1 if faults else 0)
