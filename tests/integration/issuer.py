#!/usr/bin/env python3
"""An identity provider of the tests' own: keys, tokens, and their key set over HTTPS. Signs with openssl(1).

usage: issuer.py jwks KID=KEY.pem...                print the key set (P-256)
       issuer.py token KEY.pem KID CLAIM=VALUE...   print a token (ES256); VALUE is JSON, or else text; @N is now + N seconds
       issuer.py serve PORT CERT.pem KEY.pem FILE   serve FILE as /realm/certs
"""
import base64
import http.server
import json
import ssl
import subprocess
import sys
import time


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*args, data=None):
    return subprocess.run(["openssl", *args], check=True, input=data, stdout=subprocess.PIPE).stdout


def jwk(kid, path):
    point = openssl("pkey", "-in", path, "-pubout", "-outform", "DER")[-64:]
    return {"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "x": b64(point[:32]), "y": b64(point[32:])}


def raw(der):
    """r || s of DER's SEQUENCE of two INTEGERs."""
    out, at = b"", 2
    for _ in range(2):
        n = der[at + 1]
        out += der[at + 2:at + 2 + n].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + n
    return out


def value(text):
    if text.startswith("@"):
        return int(time.time()) + int(text[1:])
    try:
        return json.loads(text)
    except ValueError:
        return text


def token(path, kid, *claims):
    head = {"alg": "ES256", "typ": "JWT", "kid": kid}
    body = dict((key, value(text)) for key, text in (claim.split("=", 1) for claim in claims))
    signed = ".".join(b64(json.dumps(part).encode()) for part in (head, body))
    return signed + "." + b64(raw(openssl("dgst", "-sha256", "-sign", path, data=signed.encode())))


def serve(port, cert, key, path):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            with open(path, "rb") as file:
                body = file.read() if self.path == "/realm/certs" else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


command, args = sys.argv[1], sys.argv[2:]
if command == "jwks":
    print(json.dumps({"keys": [jwk(*arg.split("=", 1)) for arg in args]}))
elif command == "token":
    print(token(*args))
else:
    serve(*args)
