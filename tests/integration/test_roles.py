#!/usr/bin/env python3
"""The table of docs/roles.md and the server's table of routes must say the same: who may call what, and which calls an
AccessPolicy's spec.twoPerson can name; no route more or less.

usage: test_roles.py PRINT_ROUTES SOURCE
"""
import subprocess
import sys
from pathlib import Path

ROLES = ["admin", "security-officer", "tag-authority", "enroller", "auditor", "enforcement-point"]
faults = []

wanted = {}
for line in subprocess.run([sys.argv[1]], check=True, capture_output=True, text=True).stdout.splitlines():
    listener, method, path, _, roles, action, _ = line.split("\t")
    people = [role for role in roles.split() if role in ROLES]
    if people:
        wanted.setdefault(f"{method.upper()} {path}", set()).add((tuple(people), action))

found, heading = {}, None
for line in (Path(sys.argv[2]) / "docs/roles.md").read_text().splitlines():
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    if line.startswith("| call |"):
        heading = cells[1:-1]
        if heading != ROLES:
            faults.append(f"docs/roles.md: the columns are {heading}, the roles {ROLES}")
    elif heading and line.startswith("| `"):
        call = cells[0].strip("`")
        people = tuple(role for role, cell in zip(heading, cells[1:]) if cell == "x")
        if set(cells[1:-1]) - {"x", ""}:
            faults.append(f"docs/roles.md: {call}: a cell is x or empty")
        if call in found:
            faults.append(f"docs/roles.md: {call} stands twice")
        found[call] = {(people, cells[-1].strip("`") or "none")}

for call in sorted(wanted.keys() | found.keys()):
    if wanted.get(call) != found.get(call):
        faults.append(f"{call}: the routes say {wanted.get(call)}, docs/roles.md {found.get(call)}")
print("\n".join(faults) if faults else f"{len(found)} calls, {len(ROLES)} roles")
sys.exit(1 if faults or not found else 0)
