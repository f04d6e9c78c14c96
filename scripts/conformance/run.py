#!/usr/bin/env python3
"""Runs the Autobahn suite against a room that echoes, and says which cases passed.

    run.py FOLDER COMMAND...

FOLDER is where install.sh has put the suite. COMMAND serves the room on 127.0.0.1:PORT, where PORT
is an argument of it. With the arguments CERT and KEY, which become the files of a new certificate and
of its key, it serves over TLS. The exit code is 0 where every case passed.
"""

import collections
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import time

# Frames, pings, reserved bits, opcodes, fragments, UTF-8, closing, limits, anything else. Not 12 and
# 13, which are about compression.
GROUPS = [1, 2, 3, 4, 5, 6, 7, 9, 10]
CASES = 301
GOOD = {"OK", "NON-STRICT", "INFORMATIONAL"}
GROUP_SECONDS = 300


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_up(port, server):
    for _ in range(600):
        if server.poll() is not None:
            sys.exit("the server has ended")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("the server does not listen")


def run_group(suite, group, url):
    reports = suite / "reports" / url.partition(":")[0] / str(group)
    shutil.rmtree(reports, ignore_errors=True)
    reports.mkdir(parents=True)
    spec = {
        "outdir": str(reports),
        "servers": [{"agent": "jamsocket", "url": url}],
        "cases": [f"{group}.*"],
        "exclude-cases": [],
        "exclude-agent-cases": {},
    }
    spec_file = reports / "spec.json"
    spec_file.write_text(json.dumps(spec))
    command = [str(suite / "wstest"), "--mode", "fuzzingclient", "--spec", str(spec_file)]
    with open(reports / "log", "w") as log:
        subprocess.run(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, timeout=GROUP_SECONDS, check=True)
    return json.loads((reports / "index.json").read_text())["jamsocket"]


def main():
    suite, command = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    port = free_port()
    given = {"PORT": str(port), "CERT": str(suite / "cert.pem"), "KEY": str(suite / "key.pem")}
    scheme = "wss" if "CERT" in command else "ws"
    if scheme == "wss":
        maker = pathlib.Path(__file__).parent / "certificate.py"
        subprocess.run([suite / "python", maker, given["CERT"], given["KEY"]], check=True)
    server = subprocess.Popen([given.get(part, part) for part in command])
    try:
        wait_until_up(port, server)
        cases = {}
        for group in GROUPS:
            cases.update(run_group(suite, group, f"{scheme}://127.0.0.1:{port}/ws/echo"))
    finally:
        server.terminate()
        server.wait()
    failed = [
        name
        for name, case in cases.items()
        if case["behavior"] not in GOOD or case["behaviorClose"] not in GOOD
    ]
    strict = collections.Counter(case["behavior"] for case in cases.values())["OK"]
    for name in failed:
        print(f"{name}: {cases[name]['behavior']}, closing {cases[name]['behaviorClose']}")
    print(f"{scheme}: {len(cases) - len(failed)} passed, {len(failed)} failed")
    print(f"({strict} of them to the letter; reports in {suite / 'reports' / scheme})")
    sys.exit(0 if not failed and len(cases) == CASES else 1)


main()
