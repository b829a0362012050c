#!/usr/bin/env python3
"""Tokens that garboard-keyd would never sign, and the key set to them: what a relying party must not believe.

usage: make_token.py KEY.pem jwk KID            prints the public key as JSON
       make_token.py KEY.pem sign HEADER CLAIMS  prints header.payload.signature; both are JSON
"""

import base64
import json
import subprocess
import sys


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def raw_signature(der):
    """ECDSA-Sig-Value to r || s."""
    numbers = []
    at = 2
    for _ in range(2):
        length = der[at + 1]
        numbers.append(int.from_bytes(der[at + 2 : at + 2 + length], "big"))
        at += 2 + length
    return b"".join(number.to_bytes(32, "big") for number in numbers)


def main():
    key, what = sys.argv[1:3]
    if what == "jwk":
        der = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True, stdout=subprocess.PIPE).stdout
        print(json.dumps({"kty": "EC", "crv": "P-256", "x": b64(der[-64:-32]), "y": b64(der[-32:]), "kid": sys.argv[3]}))
        return
    text = b64(sys.argv[3].encode()) + "." + b64(sys.argv[4].encode())
    der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text.encode(), check=True, stdout=subprocess.PIPE).stdout
    print(text + "." + b64(raw_signature(der)))


main()
