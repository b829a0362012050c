#!/usr/bin/env python3
"""The JSON Schema for editors says what the readers say: every field, every name of a choice, both ways.

usage: test_schema.py GARBOARD SOURCE
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

GARBOARD, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
schema = json.loads(subprocess.run([GARBOARD, "schema"], check=True, capture_output=True, text=True).stdout)
faults = []


def objects(node, path=""):
    """Every object of the schema with fixed fields, as (path, names)."""
    if isinstance(node, dict):
        if node.get("additionalProperties") is False:
            yield path, frozenset(node["properties"])
        for key, value in node.items():
            yield from objects(value, f"{path}/{key}")
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from objects(value, f"{path}/{i}")


def readers():
    """The fields that each reader knows: its array `known`, macros among its names expanded."""
    text = "".join(p.read_text() for p in sorted((SOURCE / "src/policy").rglob("*.[ch]")))
    macros = {m[1]: m[2] for m in re.finditer(r"#define (\w+_FIELDS)((?:[^\n]*\\\n)*[^\n]*)", text)}
    for known in re.finditer(r"static const char \*const known\[\] = \{(.*?)\};", text, re.S):
        body = re.sub(r"\w+_FIELDS", lambda m: macros[m[0]], known[1])
        yield frozenset(re.findall(r'"([^"]+)"', body))


SCHEMA = list(objects(schema))
READERS = list(readers())
if len(SCHEMA) < 15 or len(READERS) < 15:
    faults.append(f"{len(SCHEMA)} objects and {len(READERS)} readers were found: this test reads them wrongly")
# An AccessPolicy cannot be deleted, and one field is read without an array.
ALONE = [frozenset({"name", "version", "signatures"}), frozenset({"expired"})]
names = {n for _, n in SCHEMA}
for fields in READERS:
    if fields not in names:
        faults.append(f"a reader knows {sorted(fields)}; no object of the schema has these fields")
for path, fields in SCHEMA:
    if fields not in READERS and fields not in ALONE:
        faults.append(f"{path} has {sorted(fields)}; no reader knows just these")

HEAD = "apiVersion: garboard.dev/v1alpha1\nkind: {}\nmetadata: {{name: x, version: 1}}\nspec:\n"


def reads(kind, spec):
    """Whether garboard takes such a document."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(HEAD.format(kind) + spec)
        file.flush()
        done = subprocess.run([GARBOARD, "verify", SOURCE / "tests/cases/evidence/good", "--policy", file.name], capture_output=True, text=True)
        return done.returncode in (0, 1), done.stderr


kinds = schema["definitions"]
node = kinds["NodePolicy"]["properties"]["spec"]["properties"]
refs = kinds["ReferenceSet"]["properties"]["spec"]["properties"]
CHOICES = [("NodePolicy", "  mode: {}\n", node["mode"]), ("NodePolicy", "  require: [{}]\n", node["require"]["items"]),
           ("NodePolicy", "  identity: {{expired: {}}}\n", node["identity"]["properties"]["expired"]),
           ("NodePolicy", "  ima: {{violations: {}}}\n", node["ima"]["properties"]["violations"]),
           ("ReferenceSet", "  class: {}\n", refs["class"]), ("ReferenceSet", "  class: os\n  life: {}\n", refs["life"])]
for kind, text, choice in CHOICES:
    for value in choice["enum"]:
        ok, why = reads(kind, text.format(value))
        if not ok:
            faults.append(f"the schema has {text.strip().format(value)}, and it is refused: {why.strip()}")
    if reads(kind, text.format("nothing-of-this"))[0]:
        faults.append(f"{text.strip()} takes anything")

try:
    import jsonschema
    import yaml
except ImportError:
    print("python3-jsonschema or python3-yaml is not here: the examples are not validated")
else:
    class Loader(yaml.SafeLoader):
        """Editors read YAML 1.2, which has no dates."""

    Loader.yaml_implicit_resolvers = {
        first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"] for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    validator = jsonschema.Draft7Validator(schema)
    documents = 0
    for path in sorted(SOURCE.glob("tests/cases/*/*.yaml")) + [SOURCE / "tests/faults/policy.yaml"]:
        for document in yaml.load_all(path.read_text(), Loader):
            documents += 1
            faults += [f"{path.relative_to(SOURCE)}: {e.json_path}: {e.message}" for e in validator.iter_errors(document)]
    if documents < 10:
        faults.append(f"only {documents} examples")
    for wrong in ({"spec": {"mood": "warn"}}, {"spec": {"mode": "wran"}}, {"spec": {"nodes": {"names": []}}}, {}):
        document = {"apiVersion": "garboard.dev/v1alpha1", "kind": "NodePolicy", "metadata": {"name": "x", "version": 1}, **wrong}
        if validator.is_valid(document):
            faults.append(f"the schema takes {wrong}")

print("\n".join(faults) or f"{len(SCHEMA)} objects agree with the readers")
sys.exit(1 if faults else 0)
