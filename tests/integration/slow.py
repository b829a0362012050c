#!/usr/bin/env python3
"""Thousands who stall against the listeners of a running garboardd; others go on (T29).

usage: slow.py API_PORT ENROLL_PORT ETC COUNT    ETC holds ca.pem, client/operator-admin.pem and .key
"""

import http.client
import resource
import select
import socket
import ssl
import statistics
import sys
import time

ROUNDS = 300
PATIENCE_S = 60  # the longest deadline met here is 10 s


def context(etc, operator):
    tls = ssl.create_default_context(cafile=f"{etc}/ca.pem")
    if operator:
        tls.load_cert_chain(f"{etc}/client/operator-admin.pem", f"{etc}/client/operator-admin.key")
    return tls


def dial(port):
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def speak(port, tls, text):
    link = tls.wrap_socket(dial(port), server_hostname="127.0.0.1")
    link.sendall(text)
    return link


def median_s(port, tls):
    """Of a request over a kept connection."""
    link = http.client.HTTPSConnection("127.0.0.1", port, context=tls, timeout=20)
    took = []
    for _ in range(ROUNDS):
        start = time.monotonic()
        link.request("GET", "/healthz")
        answer = link.getresponse()
        answer.read()
        took.append(time.monotonic() - start)
        if answer.status != 200:
            sys.exit(f"FAIL /healthz on port {port}: {answer.status}")
    link.close()
    return statistics.median(took)


def T29_others_go_on(name, port, tls, count):
    """`count` handshakes that stall, half of them within a record."""
    before = median_s(port, tls)
    silent = [dial(port) for _ in range(count)]
    for link in silent[::2]:
        link.sendall(b"\x16\x03\x01\x02\x00\x01")
    during = median_s(port, tls)
    for _ in range(5):  # what is slow for good stays slow
        if during < before * 4:
            break
        during = min(during, median_s(port, tls))
    print(f"{name}: median {during * 1e6:.0f} us beside {count} stalled handshakes, {before * 1e6:.0f} us alone")
    if during >= before * 4:
        sys.exit(f"FAIL {name}: others wait")
    return silent


def T29_slow_ones_are_sent_home(name, port, tls):
    """A header and a body that drip: the server ends it, however often a byte comes."""
    path = b"/v1/policy" if name == "api" else b"/v1/enroll/begin"  # the body is waited for
    slow = [speak(port, tls, b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: "),
            speak(port, tls, b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n")]
    end = time.monotonic() + PATIENCE_S
    while slow and time.monotonic() < end:
        for link in slow[:]:
            try:
                link.sendall(b"a")
                link.settimeout(0.2)
                if link.recv(1) != b"":
                    sys.exit(f"FAIL {name}: an answer to what was never said whole")
                slow.remove(link)
            except TimeoutError:
                pass
            except OSError:
                slow.remove(link)
    if slow:
        sys.exit(f"FAIL {name}: {len(slow)} may drip for ever")


def all_ended(name, links):
    poll = select.poll()
    left = {link.fileno(): link for link in links}
    for number in left:
        poll.register(number, select.POLLIN)
    end = time.monotonic() + PATIENCE_S
    while left and time.monotonic() < end:
        for number, _ in poll.poll(500):  # nothing is ever said to them: readable is the end
            poll.unregister(number)
            left.pop(number).close()
    if left:
        sys.exit(f"FAIL {name}: {len(left)} handshakes may stall for ever")


def main():
    api, enroll, etc, count = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most < count + 200:
        print(f"{most} descriptors are too few: skipped")
        sys.exit(77)
    for name, port, tls in (("api", api, context(etc, True)), ("enrolment", enroll, context(etc, False))):
        silent = T29_others_go_on(name, port, tls, count)
        T29_slow_ones_are_sent_home(name, port, tls)
        all_ended(name, silent)


main()
