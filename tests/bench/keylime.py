#!/usr/bin/python3
"""Times Keylime's own verification of the evidence that the benchmark writes; prints "NAME MICROSECONDS" (CPU, median).

usage: keylime.py CHECKOUT EVIDENCE    (CHECKOUT: a checkout of Keylime that you obtained yourself)
"""
import base64
import logging
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

checkout, evidence = sys.argv[1], pathlib.Path(sys.argv[2])
sys.path.insert(0, checkout)

# Keylime reads its configuration when it is imported: let it write its own defaults to a folder of ours.
CONFIG = tempfile.mkdtemp()
subprocess.run(
    [sys.executable, "-m", "keylime.cmd.convert_config", "--defaults", "--out", CONFIG, "--templates", "templates"],
    cwd=checkout, check=True, capture_output=True,
)
for component in ("logging", "verifier", "ca", "registrar", "tenant", "agent"):
    os.environ[f"KEYLIME_{component.upper()}_CONFIG"] = f"{CONFIG}/{component}.conf"

logging.disable(logging.CRITICAL)  # it logs to standard output
# pylint: disable=wrong-import-position
from keylime.agentstates import AgentAttestState  # noqa: E402
from keylime.common.algorithms import Hash  # noqa: E402
from keylime.ima import ima  # noqa: E402
from keylime.mba import mba  # noqa: E402
from keylime.tpm.tpm_main import Tpm  # noqa: E402


def cpu():
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def report(name, work, repeat):
    work()
    times = []
    for _ in range(repeat):
        start = cpu()
        for _ in range(10 if repeat > 10 else 1):
            work()
        times.append((cpu() - start) / (10 if repeat > 10 else 1))
    print(f"{name} {statistics.median(times) * 1e6:.1f}", flush=True)


def read(folder, name):
    return (evidence / folder / name).read_bytes()


def quote_of(folder):
    parts = [base64.b64encode(read(folder, n)).decode() for n in ("quote.msg", "quote.sig", "quote.pcrs")]
    key = base64.b64encode(read(folder, "ak.pub")).decode()
    return key, "r" + ":".join(parts), read(folder, "nonce").decode()


def check_quote(folder):
    key, quote, nonce = quote_of(folder)
    values, fault = Tpm._tpm2_checkquote(key, quote, nonce, "sha256", False)
    if fault:
        raise SystemExit(f"{folder}: Keylime refuses the quote: {fault}")
    return values


def check_boot_log(folder):
    mba.bootlog_parse(base64.b64encode(read(folder, "eventlog.bin")).decode(), "sha256")


def check_ima(folder, lines, policy, pcr):
    _, failure = ima.process_measurement_list(
        AgentAttestState("bench"), lines, policy, pcrval=pcr, hash_alg=Hash.SHA256
    )
    if failure:
        raise SystemExit(f"{folder}: Keylime refuses the list: {[e.event_id for e in failure.events][:3]}")


def main():
    mba.load_imports()
    for folder in sorted(p.name for p in evidence.iterdir() if p.is_dir()):
        values = check_quote(folder)
        if not (evidence / folder / "ima_ascii").exists():
            report(folder, lambda f=folder: (check_quote(f), check_boot_log(f)), 11)
            continue
        lines = read(folder, "ima_ascii").decode().split("\n")
        digests = {}
        for line in lines:
            if line:
                fields = line.split(" ", 4)
                digests[fields[4]] = [fields[3].split(":")[1]]
        policy = {**ima.EMPTY_RUNTIME_POLICY, "digests": digests}
        policy["ima"] = {**policy["ima"], "ignored_keyrings": ["*"]}
        work = lambda f=folder, l=lines, p=policy, v=values[10]: (check_quote(f), check_ima(f, l, p, v))  # noqa: E731
        report(folder, work, 5)


main()
