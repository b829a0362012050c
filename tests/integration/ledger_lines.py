"""Prints the entries of a ledger's folder, one a line, from its tiles alone. usage: ledger_lines.py FOLDER"""

import re
import sys
from pathlib import Path

folder = Path(sys.argv[1]) / "tile" / "entries"
widest = {}
for path in folder.rglob("*"):
    found = re.fullmatch(r"((?:x\d{3}/)*\d{3})(?:\.p/(\d+))?", path.relative_to(folder).as_posix())
    if not found or not path.is_file():
        continue
    index = int(re.sub(r"[x/]", "", found[1]))
    width = int(found[2] or 256)
    if width > widest.get(index, (0, None))[0]:
        widest[index] = (width, path)
for index in sorted(widest):
    rest = widest[index][1].read_bytes()
    while rest:
        size = int.from_bytes(rest[:2], "big")
        print(rest[2 : 2 + size].decode())
        rest = rest[2 + size :]
