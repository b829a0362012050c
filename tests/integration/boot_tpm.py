#!/usr/bin/env python3
"""Prints, a line each, what a boot extends into a SHA-256 bank: PCR and digest of every event of a firmware log (as
`garboard eventlog --format json` prints it), then of the entries of a binary IMA list from entry FROM on.

usage: boot_tpm.py EVENTLOG.json IMA_BINARY [FROM]
"""
import hashlib
import json
import struct
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    for event in json.load(file)["events"]:
        if event["type"] != "EV_NO_ACTION":
            print(event["pcr"], event["digests"]["sha256"])

with open(sys.argv[2], "rb") as file:
    ima = file.read()
at = index = 0
start = int(sys.argv[3]) if len(sys.argv) > 3 else 0
while at < len(ima):
    (pcr,) = struct.unpack_from("<I", ima, at)
    (name_len,) = struct.unpack_from("<I", ima, at + 24)
    data_at = at + 28 + name_len
    (data_len,) = struct.unpack_from("<I", ima, data_at)
    data = ima[data_at + 4 : data_at + 4 + data_len]
    if index >= start:
        print(pcr, hashlib.sha256(data).hexdigest())
    at = data_at + 4 + data_len
    index += 1
