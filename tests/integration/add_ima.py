#!/usr/bin/env python3
"""Appends to a binary IMA list (ima-ng) what the kernel would add when a file is run, and prints what it extends.

usage: add_ima.py IMA_BINARY PATH CONTENT
"""
import hashlib
import struct
import sys

path = sys.argv[2].encode() + b"\0"
digest = b"sha256:\0" + hashlib.sha256(sys.argv[3].encode()).digest()
data = struct.pack("<I", len(digest)) + digest + struct.pack("<I", len(path)) + path
entry = struct.pack("<I", 10) + hashlib.sha1(data).digest() + struct.pack("<I", 6) + b"ima-ng"
with open(sys.argv[1], "ab") as file:
    file.write(entry + struct.pack("<I", len(data)) + data)
print(10, hashlib.sha256(data).hexdigest())
