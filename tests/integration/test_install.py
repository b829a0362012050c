#!/usr/bin/env python3
"""What `make install` puts where: every document that people are sent to, every example, and a manual page for each program
that is installed and for no other.

usage: test_install.py BUILD SOURCE
"""
import json
import subprocess
import sys
from pathlib import Path

build, source = Path(sys.argv[1]), Path(sys.argv[2])
told = subprocess.run(["meson", "introspect", "--installed", str(build)], check=True, capture_output=True, text=True).stdout
installed = {}
for origin, target in json.loads(told).items():
    for path in [p for p in Path(origin).rglob("*") if p.is_file()] if Path(origin).is_dir() else [Path(origin)]:
        installed[str(Path(target) / path.relative_to(origin) if Path(origin).is_dir() else Path(target))] = path
names = {Path(path).name for path in installed}
faults = []


def wants(pattern, below):
    found = [p for p in sorted((source / below).glob(pattern)) if p.is_file()]
    if not found:
        faults.append(f"nothing is {below}/{pattern}")
    for path in found:
        part = path.relative_to(source / below.split("/")[0])
        target = f"/share/doc/garboard/{'examples/' + str(part.relative_to('examples')) if below.startswith('dist') else part}"
        if not any(there.endswith(target) for there in installed):
            faults.append(f"{path.relative_to(source)} is not installed as {target}")


wants("*.md", "docs")
wants("*", "docs/api")
wants("*", "docs/formats")
wants("**/*", "dist/examples")

programs = {Path(path).name for path in installed if Path(path).parent.name in ("bin", "sbin")}
for page in sorted((source / "man").glob("*.8")):
    if (page.stem in programs) != (page.name in names):
        faults.append(f"{page.stem} and {page.name}: one is installed without the other")
if "garboard" not in programs or "garboard.1" not in names:
    faults.append("garboard(1) is not installed")

for fault in faults:
    print("FAIL", fault)
print(f"{len(installed)} files are installed")
sys.exit(1 if faults else 0)
