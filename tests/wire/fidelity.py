#!/usr/bin/python3
"""What clients that others wrote see of each fault, and what went over the wire.

Runs curl, Go's net/http and Python's requests against mock-mc, over plain HTTP and TLS, while
every packet of the loopback interface is looked at, and compares with what docs/mock-mc.md
promises. With --peers the same cases are put to other mock servers as far as they can be scripted
there. Needs root (packets). Everything stays on 127.0.0.1.
"""
import argparse
import base64
import http.server
import json
import os
import pathlib
import platform
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT = 2  # seconds that a client waits
PATIENCE = 12  # seconds, after which a client that takes no end is ended
PAGE = "0123456789" * 10


# ---- packets

class Capture:
    """TCP packets of the loopback interface, by (server port, client port)."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self._socket.bind(("lo", 0))
        self._socket.settimeout(0.2)
        self._lock = threading.Lock()
        self._packets = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                frame, address = self._socket.recvfrom(65535)
            except socket.timeout:
                continue
            if address[2] == 4 or frame[12:14] != b"\x08\x00" or frame[23] != 6:
                continue  # sent (it is seen again as received), not IPv4, not TCP
            ip = frame[14:]
            tcp = ip[(ip[0] & 15) * 4:]
            source, target, sequence = struct.unpack("!HHI", tcp[:8])
            size = struct.unpack("!H", ip[2:4])[0] - (ip[0] & 15) * 4 - (tcp[12] >> 4) * 4
            with self._lock:
                self._packets.append((time.monotonic(), source, target, sequence, tcp[13], size))

    def clear(self):
        with self._lock:
            self._packets.clear()

    def of_port(self, port):
        with self._lock:
            return [p for p in self._packets if port in (p[1], p[2])]


FIN, SYN, RST, ACK = 1, 2, 4, 16


def evidence(packets, port):
    """What the server did to the first connection: how it ended, after how many bytes."""
    clients = [p[1] for p in packets if p[2] == port and p[4] & (SYN | ACK) == SYN]  # those that connected since
    if not clients:
        return {"end": "nothing", "bytes": 0}
    mine = [p for p in packets if clients[0] in (p[1], p[2])]
    received, seen, end, data_after_fin, reset_after_fin = 0, set(), None, False, False
    answered = any(p[1] == port and p[4] & SYN for p in mine)
    for _, source, _, sequence, flags, size in mine:
        if source != port:
            if end == "FIN" and size > 0:
                data_after_fin = True
            if end is None and flags & (FIN | RST):
                end = "client first"
            continue
        if size > 0 and sequence not in seen and end is None:
            seen.add(sequence)
            received += size
        if flags & RST:
            if end is None:
                end = "RST" if answered else "refused"
            elif end == "FIN":
                reset_after_fin = True
        if flags & FIN and end is None:
            end = "FIN"
    if end is None:
        end = "open" if answered else "SYN unanswered"
    result = {"end": end, "bytes": received}
    if data_after_fin:
        result["after FIN"] = "reset" if reset_after_fin else "still reads"
    return result


def settled_evidence(capture, port):
    """The evidence once the connection has ended, or after 2 s."""
    for _ in range(20):
        time.sleep(0.1)
        wire = evidence(capture.of_port(port), port)
        if wire["end"] not in ("nothing", "open", "SYN unanswered"):
            break
    return wire


# ---- clients

def run_curl(url, ca):
    port = re.search(r":(\d+)", url.split("//", 1)[1]).group(1)
    host = url.split("//", 1)[1].split(":")[0]
    command = ["curl", "-sS", "--http1.1", "-o", "/dev/null", "-w", "%{json}", "--max-time", str(TIMEOUT),
               "--resolve", f"{host}:{port}:127.0.0.1"]
    if ca:
        command += ["--cacert", ca]
    done = subprocess.run(command + [url], capture_output=True, text=True)
    said = json.loads(done.stdout)
    return {"status": said["http_code"], "bytes": said["size_download"],
            "millis": round(said["time_total"] * 1000, 1),
            "errno": f"exit {said['exitcode']}" if said["exitcode"] else "",
            "error": said["errormsg"] or ""}


class Clients:
    def __init__(self, folder):
        self._go = str(folder / "client")
        subprocess.run(["go", "build", "-o", self._go, "."], cwd=HERE / "client", check=True,
                       env={**os.environ, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"})

    def run(self, name, url, ca):
        if name == "curl":
            return run_curl(url, ca)
        command = {"go": [self._go, url, ca or "-", f"{TIMEOUT}s"],
                   "requests": ["/usr/bin/python3", str(HERE / "client/requests_get.py"), url, ca or "",
                                str(TIMEOUT)]}[name]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            return {"status": 0, "bytes": 0, "millis": PATIENCE * 1000.0, "errno": "never ends", "error": ""}
        if done.returncode != 0:
            raise RuntimeError(f"{name}: {done.stderr}")
        return json.loads(done.stdout)


CLIENTS = ("curl", "go", "requests")


def versions():
    def of(*command):
        return subprocess.run(command, capture_output=True, text=True).stdout.split("\n")[0]
    return {"curl": of("curl", "--version"), "go": of("go", "version"),
            "requests": "requests " + of("/usr/bin/python3", "-c", "import requests; print(requests.__version__)")
                        + ", Python " + platform.python_version(),
            "kernel": platform.release()}


# ---- servers

def wait_for(function, seconds=60):
    until = time.monotonic() + seconds
    while True:
        try:
            return function()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def call(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as response:
        return response.read()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A child that ends with this object."""

    def __init__(self, command, folder, name, **more):
        self._log = open(folder / f"{name}.log", "w")
        self.process = subprocess.Popen(command, stdout=more.pop("stdout", self._log), stderr=self._log, **more)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._log.close()


class MockMc:
    name = "mock-mc"
    schemes = ("http", "https")

    def __init__(self, program, folder):
        self.version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip()
        self._child = Process([program, "serve", str(HERE / "faults.yaml"), "--listen", "127.0.0.1:0", "--admin",
                               "127.0.0.1:0", "--print-ready"], folder, self.name, stdout=subprocess.PIPE, text=True)
        ready = dict(word.split("=") for word in self._child.process.stdout.readline().split()[1:])
        self.ports = {name: int(address.rsplit(":", 1)[1]) for name, address in ready.items()}
        self.ca = str(folder / "ca.pem")
        pathlib.Path(self.ca).write_bytes(call("GET", f"http://127.0.0.1:{self.ports['admin']}/ca.pem"))

    def prepare(self, case):
        return True

    def url(self, case, scheme):
        """(URL, port) or None."""
        if case in self.ports:  # a listener of its own
            if scheme == "https":
                return None
            return f"http://good.test:{self.ports[case]}/good", self.ports[case]
        if case in TLS_CASES:
            if scheme == "http":
                return None
            return f"https://{case}.test:{self.ports['tls']}/good", self.ports["tls"]
        port = self.ports["http" if scheme == "http" else "tls"]
        return f"{scheme}://good.test:{port}/{case}", port

    def journal(self, case):
        port = self.ports["admin"]
        rule = f"rule={case}" if case not in self.ports else f"rule=listener/{case}"
        return json.loads(call("GET", f"http://127.0.0.1:{port}/journal?{rule}"))["entries"]

    def stop(self):
        self._child.stop()


class WireMock:
    name = "WireMock"
    schemes = ("http",)  # their certificates are of no authority that a client could be given
    ca = None
    RESPONSES = {
        "good": {"body": PAGE},
        "delay": {"body": PAGE, "fixedDelayMilliseconds": 300},
        "reset-before-status": {"fault": "CONNECTION_RESET_BY_PEER"},
        "close-before-status": {"fault": "EMPTY_RESPONSE"},
        "stall-before-status": {"body": PAGE, "fixedDelayMilliseconds": 3600000},
        "garbage-before-status": {"fault": "RANDOM_DATA_THEN_CLOSE"},
        "drip": {"body": PAGE, "chunkedDribbleDelay": {"numberOfChunks": 10, "totalDuration": 300}},
        "chunks-bad-size": {"fault": "MALFORMED_RESPONSE_CHUNK"},
        "length-too-long": {"body": PAGE, "headers": {"Content-Length": "110"}},
        "length-too-short": {"body": PAGE, "headers": {"Content-Length": "90"}},
    }

    def __init__(self, jar, folder):
        self.version = "WireMock " + re.search(r"(\d[\d.]*\d)\.jar", jar).group(1)
        self._http, self._https = free_port(), free_port()
        self._child = Process(["java", "-jar", jar, "--port", str(self._http), "--https-port", str(self._https),
                               "--bind-address", "127.0.0.1"], folder, self.name)
        wait_for(lambda: call("GET", f"http://127.0.0.1:{self._http}/__admin/mappings"))
        for case, response in self.RESPONSES.items():
            call("POST", f"http://127.0.0.1:{self._http}/__admin/mappings",
                 {"request": {"urlPath": "/" + case}, "response": {"status": 200, **response}})

    def prepare(self, case):
        return case in self.RESPONSES

    def url(self, case, scheme):
        port = self._http if scheme == "http" else self._https
        return f"{scheme}://good.test:{port}/{case}", port

    def stop(self):
        self._child.stop()


class Mountebank:
    name = "Mountebank"
    schemes = ("http",)  # their certificates are of no authority that a client could be given
    ca = None
    RESPONSES = {
        "good": {"is": {"body": PAGE}},
        "delay": {"is": {"body": PAGE}, "behaviors": [{"wait": 300}]},
        "stall-before-status": {"is": {"body": PAGE}, "behaviors": [{"wait": 3600000}]},
        "reset-before-status": {"fault": "CONNECTION_RESET_BY_PEER"},
        "garbage-before-status": {"fault": "RANDOM_DATA_THEN_CLOSE"},
        "length-too-long": {"is": {"body": PAGE, "headers": {"Content-Length": "110"}}},
        "length-too-short": {"is": {"body": PAGE, "headers": {"Content-Length": "90"}}},
    }

    def __init__(self, program, folder):
        self.version = "Mountebank " + subprocess.run([program, "--version"], capture_output=True,
                                                      text=True).stdout.strip()
        admin, self._ports = free_port(), {}
        self._child = Process([program, "start", "--port", str(admin), "--host", "127.0.0.1", "--nologfile",
                               "--pidfile", str(folder / "mb.pid")], folder, self.name)
        wait_for(lambda: call("GET", f"http://127.0.0.1:{admin}/imposters"))
        for scheme in self.schemes:
            port = self._ports[scheme] = free_port()
            call("POST", f"http://127.0.0.1:{admin}/imposters",
                 {"port": port, "protocol": scheme, "host": "127.0.0.1",
                  "stubs": [{"predicates": [{"equals": {"path": "/" + case}}], "responses": [response]}
                            for case, response in self.RESPONSES.items()]})

    def prepare(self, case):
        return case in self.RESPONSES

    def url(self, case, scheme):
        return f"{scheme}://good.test:{self._ports[scheme]}/{case}", self._ports[scheme]

    def stop(self):
        self._child.stop()


class Toxiproxy:
    """A proxy in front of Python's http.server; it sees bytes, not HTTP, so TLS is none of its own."""
    name = "Toxiproxy"
    schemes = ("http",)
    ca = None
    TOXICS = {
        "good": [],
        "refused": None,
        "delay": [{"type": "latency", "attributes": {"latency": 300}}],
        "reset-before-status": [{"type": "reset_peer", "attributes": {"timeout": 0}}],
        "close-before-status": [{"type": "limit_data", "attributes": {"bytes": 0}}],
        "close-mid-body": [{"type": "limit_data", "attributes": {"bytes": 180}}],
        "stall-before-status": [{"type": "timeout", "attributes": {"timeout": 0}}],
        "drip": [{"type": "slicer", "attributes": {"average_size": 10, "size_variation": 0, "delay": 30000}}],
    }

    def __init__(self, program, folder):
        self.version = "Toxiproxy " + subprocess.run(["go", "version", "-m", program], capture_output=True,
                                                     text=True).stdout.split("toxiproxy/v2\t")[-1].split("\t")[0]

        class Page(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(PAGE)))
                self.end_headers()
                self.wfile.write(PAGE.encode())

            def log_message(self, *_):
                pass

        self._upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=self._upstream.serve_forever, daemon=True).start()
        self._admin, self._port = free_port(), free_port()
        self._child = Process([program, "-port", str(self._admin)], folder, self.name)
        wait_for(lambda: call("GET", f"http://127.0.0.1:{self._admin}/proxies"))

    def prepare(self, case):
        if case not in self.TOXICS:
            return False
        base = f"http://127.0.0.1:{self._admin}/proxies"
        if b"mc" in call("GET", base):
            call("DELETE", base + "/mc")
        call("POST", base, {"name": "mc", "listen": f"127.0.0.1:{self._port}",
                            "upstream": "127.0.0.1:%d" % self._upstream.server_port, "enabled": True})
        toxics = self.TOXICS[case]
        if toxics is None:
            call("POST", base + "/mc", {"enabled": False})
        for toxic in toxics or []:
            call("POST", base + "/mc/toxics", {"stream": "downstream", "toxicity": 1.0, **toxic})
        return True

    def url(self, case, scheme):
        return f"{scheme}://good.test:{self._port}/{case}", self._port

    def stop(self):
        self._child.stop()
        self._upstream.shutdown()


class MockServer:
    name = "MockServer"
    schemes = ("http",)  # their certificates are of no authority that a client could be given
    ca = None
    ACTIONS = {
        "good": {"httpResponse": {"body": PAGE}},
        "delay": {"httpResponse": {"body": PAGE, "delay": {"timeUnit": "MILLISECONDS", "value": 300}}},
        "stall-before-status": {"httpResponse": {"body": PAGE, "delay": {"timeUnit": "HOURS", "value": 1}}},
        "close-before-status": {"httpError": {"dropConnection": True}},
        "garbage-before-status": {"httpError": {"dropConnection": True,
                                                "responseBytes": base64.b64encode(b"\xff\x80garbage" * 7).decode()}},
        "length-too-long": {"httpResponse": {"body": PAGE,
                                             "connectionOptions": {"contentLengthHeaderOverride": 110,
                                                                   "closeSocket": True}}},
        "length-too-short": {"httpResponse": {"body": PAGE,
                                              "connectionOptions": {"contentLengthHeaderOverride": 90,
                                                                    "closeSocket": True}}},
    }

    def __init__(self, jar, folder):
        self.version = "MockServer " + re.search(r"(\d[\d.]*\d)\.jar", jar).group(1)
        self._port = free_port()
        self._child = Process(["java", "-Dmockserver.logLevel=WARN", "-jar", jar, "-serverPort", str(self._port)],
                              folder, self.name)
        wait_for(lambda: call("PUT", f"http://127.0.0.1:{self._port}/mockserver/status"))
        for case, action in self.ACTIONS.items():
            call("PUT", f"http://127.0.0.1:{self._port}/mockserver/expectation",
                 {"httpRequest": {"path": "/" + case}, "times": {"unlimited": True}, **action})

    def prepare(self, case):
        return case in self.ACTIONS

    def url(self, case, scheme):
        return f"{scheme}://good.test:{self._port}/{case}", self._port

    def stop(self):
        self._child.stop()


# ---- cases

TLS_CASES = ("expired", "early", "wrong-name", "unknown-ca", "self-signed", "old-protocol", "client-cert",
             "handshake-stall", "handshake-abort", "handshake-reset", "handshake-close", "handshake-garbage",
             "handshake-delay", "no-close-notify")
LISTENER_CASES = ("refused", "unanswered", "accept-reset", "accept-close", "accept-stall", "accept-garbage",
                  "accept-delay")

# What must be on the wire: the end that the server makes, and how much of the answer precedes it
# (plain HTTP; the header is 103 bytes). "client first": the server did not end it.
HEADER = 103
WIRE = {
    "good": ("client first", HEADER + 100), "delay": ("client first", HEADER + 100),
    "delay-mid-header": ("client first", HEADER + 100), "delay-before-body": ("client first", HEADER + 100),
    "drip": ("client first", HEADER + 100),
    "reset-before-status": ("RST", 0), "reset-mid-header": ("RST", (HEADER - 4) // 2),
    "reset-before-body": ("RST", HEADER), "reset-mid-body": ("RST", 180),
    "close-before-status": ("FIN", 0), "close-mid-header": ("FIN", (HEADER - 4) // 2),
    "close-before-body": ("FIN", HEADER), "close-mid-body": ("FIN", 180), "half-close": ("FIN", 180),
    "stall-before-status": ("client first", 0), "stall-mid-header": ("client first", (HEADER - 4) // 2),
    "stall-mid-body": ("client first", 180), "stall-before-close": ("client first", HEADER + 19 + 100),
    "endless-header": ("client first", None),
    "garbage-before-status": (("FIN", "client first"), 64), "garbage-before-body": (("FIN", "client first"), None),
    "length-too-long": ("FIN", None), "length-too-short": (("FIN", "client first"), None),
    "chunks-bad-size": (("FIN", "client first"), None), "chunks-overlong": (("FIN", "client first"), None),
    "chunks-truncated": ("FIN", None), "chunks-no-end": ("FIN", None),
    "refused": ("refused", 0), "unanswered": ("SYN unanswered", 0), "accept-reset": ("RST", 0),
    "accept-close": ("FIN", 0), "accept-stall": ("client first", 0),
    "accept-garbage": (("FIN", "client first"), 64), "accept-delay": ("client first", HEADER + 100),
    "handshake-reset": ("RST", 0), "handshake-close": ("FIN", 0), "handshake-abort": (("FIN", "client first"), 7),
    "handshake-stall": ("client first", 0), "handshake-garbage": (("FIN", "client first"), 64),
}
# Clients that must get the whole page; all others must see an error, but for those that may not notice.
WHOLE = {"good", "delay", "delay-mid-header", "delay-before-body", "drip", "accept-delay", "handshake-delay",
         "no-close-notify", "stall-before-close"}
UNNOTICED = {"length-too-short", "garbage-before-body"}
# Clients that take for whole what is not. Both curl and Python take a header that is cut short for a
# header, and urllib3 1.26 compares no body with its Content-Length.
LENIENT = {("curl", "close-mid-header")} | {
    ("requests", case) for case in (
        "close-mid-header", "close-before-body", "close-mid-body", "half-close", "length-too-long",
        "reset-mid-header", "reset-before-body", "reset-mid-body")}
# At least this long, in milliseconds.
SLOW = {"delay": 300, "delay-mid-header": 300, "delay-before-body": 300, "drip": 270, "accept-delay": 300,
        "handshake-delay": 300}
STALLS = {"stall-before-status", "stall-mid-header", "stall-mid-body", "endless-header", "accept-stall",
          "unanswered", "handshake-stall"}
RESETS = {"reset-before-status", "reset-mid-header", "reset-before-body", "reset-mid-body", "accept-reset",
          "handshake-reset"}


def is_reset(case, client, seen):
    if client == "curl":  # which finds out while it still asks whether it is connected, and says so with exit 7
        return (seen["errno"] in ("exit 56", "exit 35") and "reset" in seen["error"].lower()
                or case == "accept-reset" and seen["errno"] == "exit 7")
    return seen["errno"] == "ECONNRESET"


def is_timeout(client, seen):
    if client == "curl":
        return seen["errno"] == "exit 28"
    return seen["errno"] == "never ends" or "timeout" in (seen["errno"] + seen["error"]).lower() or "timed out" in seen["error"].lower()


def judge(case, scheme, client, seen, wire):
    """What is not as promised, as a list of texts."""
    wrong = []
    if case in WIRE and (scheme == "http" or case in TLS_CASES):
        ends, count = WIRE[case]
        if wire["end"] not in (ends if isinstance(ends, tuple) else (ends,)):
            wrong.append(f"the wire shows {wire['end']}, not {ends}")
        if count is not None and wire["bytes"] != count:
            wrong.append(f"{wire['bytes']} bytes on the wire, not {count}")
    elif case in RESETS and wire["end"] != "RST":
        wrong.append(f"the wire shows {wire['end']}, not RST")
    whole = not seen["errno"] and seen["bytes"] == len(PAGE)
    if case in WHOLE and not whole:
        wrong.append("did not get the page")
    lenient = case in UNNOTICED or (client, case) in LENIENT
    if case not in WHOLE and not lenient and not seen["errno"]:
        wrong.append("did not see an error")
    if case not in WHOLE and not lenient and whole:
        wrong.append("got the whole page")
    if seen["millis"] < SLOW.get(case, 0):
        wrong.append(f"came after {seen['millis']} ms")
    # The other two may find the end of the bytes before they find the error.
    if case in RESETS and client == "curl" and not is_reset(case, client, seen):
        wrong.append("did not see a reset")
    if case in STALLS and not is_timeout(client, seen):
        wrong.append("did not run into its time limit")
    return wrong


def run_case(server, clients, capture, case, scheme, judged):
    where = server.url(case, scheme)
    if where is None:
        return None
    url, port = where
    result = {"case": case, "scheme": scheme, "clients": {}, "wrong": []}
    for client in CLIENTS:
        capture.clear()
        seen = clients.run(client, url, server.ca if scheme == "https" else None)
        wire = settled_evidence(capture, port)
        result["clients"][client] = seen
        result.setdefault("wire", {})[client] = wire
        if judged:
            result["wrong"] += [f"{client}: {text}" for text in judge(case, scheme, client, seen, wire)]
    return result


def half_close_is_half(server, capture):
    """After the server's FIN it takes what a client sends, and says so in the journal."""
    url, port = server.url("half-close", "http")
    capture.clear()
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET /half-close HTTP/1.1\r\nHost: x\r\n\r\n")
        while client.recv(4096):
            pass
        client.sendall(b"still here")
        time.sleep(0.3)
        states = subprocess.run(["ss", "-tnH", f"sport = :{port}"], capture_output=True, text=True).stdout
    time.sleep(0.3)
    wire = evidence(capture.of_port(port), port)
    entry = server.journal("half-close")[-1]
    good = wire.get("after FIN") == "still reads" and "FIN-WAIT-2" in states and entry["ended"] == "fin"
    return good, {"wire": wire, "server socket": states.split()[0] if states else "gone",
                  "journal": {key: entry[key] for key in ("ended", "bytesRead", "bytesWritten")}}


# ---- report

def cell(result):
    ends = {w["end"] for w in result["wire"].values()}
    counts = sorted({w["bytes"] for w in result["wire"].values()})
    span = str(counts[0]) if len(counts) == 1 else f"{counts[0]}-{counts[-1]}"
    return f"{'/'.join(sorted(ends))}, {span} B"


def client_cell(client, seen):
    if not seen["errno"]:
        return f"{seen['status']}, {seen['bytes']} B, {seen['millis']:.0f} ms"
    return f"{seen['errno']}, {seen['bytes']} B, {seen['millis']:.0f} ms"


def write_tables(results, out):
    lines = []
    mine = [r for r in results if r["server"] == "mock-mc"]
    lines += ["### What clients see of mock-mc", "",
              "| fault | over | on the wire | curl | Go net/http | requests |", "|---|---|---|---|---|---|"]
    for r in mine:
        cells = " | ".join(client_cell(c, r["clients"][c]) for c in CLIENTS)
        lines.append(f"| {r['case']} | {r['scheme']} | {cell(r)} | {cells} |")
    servers = list(dict.fromkeys(r["server"] for r in results))
    if len(servers) > 1:
        lines += ["", "### The same faults elsewhere, on the wire (plain HTTP)", "",
                  "| fault | " + " | ".join(servers) + " |", "|---|" + "---|" * len(servers)]
        for case in list(dict.fromkeys(r["case"] for r in mine)):
            row = []
            for server in servers:
                found = [r for r in results if (r["server"], r["case"]) == (server, case)]
                plain = [r for r in found if r["scheme"] == "http"] or found
                row.append(cell(plain[0]) if plain else "-")
            lines.append(f"| {case} | " + " | ".join(row) + " |")
    out.write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mock-mc", default="build/release/bin/mock-mc")
    parser.add_argument("--wiremock", help="wiremock-standalone.jar")
    parser.add_argument("--mountebank", help="bin/mb")
    parser.add_argument("--toxiproxy", help="server")
    parser.add_argument("--mockserver", help="mockserver-netty-no-dependencies.jar")
    parser.add_argument("--out", default="wire-fidelity", help="folder for results")
    parser.add_argument("--case", action="append", help="only this one")
    options = parser.parse_args()
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="wire-fidelity-"))
    clients, capture = Clients(folder), Capture()
    names = re.findall(r"id: ([a-z-]+)", (HERE / "faults.yaml").read_text())
    cases = options.case or names + list(LISTENER_CASES) + list(TLS_CASES)
    makers = [(MockMc, options.mock_mc), (WireMock, options.wiremock), (Mountebank, options.mountebank),
              (Toxiproxy, options.toxiproxy), (MockServer, options.mockserver)]
    results, bad, ran = [], 0, versions()
    for maker, path in makers:
        if not path:
            continue
        server = maker(path, folder)
        ran[server.name] = server.version
        try:
            for case in cases:
                if not server.prepare(case):
                    continue
                for scheme in server.schemes:
                    result = run_case(server, clients, capture, case, scheme, judged=server.name == "mock-mc")
                    if result is None:
                        continue
                    result["server"] = server.name
                    results.append(result)
                    bad += bool(result["wrong"])
                    print(f"{server.name:10} {case:22} {scheme:5} {cell(result):34} "
                          + ("; ".join(result["wrong"]) or "ok"), flush=True)
            if server.name == "mock-mc" and "half-close" in cases:
                good, said = half_close_is_half(server, capture)
                bad += not good
                print(f"{server.name:10} half-close reads on     {json.dumps(said)} {'ok' if good else 'WRONG'}")
                ran["half-close"] = said
        finally:
            server.stop()
    (out / "results.json").write_text(json.dumps({"ran": ran, "results": results}, indent=1))
    write_tables(results, out / "tables.md")
    shutil.rmtree(folder)
    judged = [r for r in results if r["server"] == "mock-mc"]
    print(f"{len(judged) - sum(bool(r['wrong']) for r in judged)} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
