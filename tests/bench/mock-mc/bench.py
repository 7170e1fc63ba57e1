#!/usr/bin/python3
"""mock-mc side by side with nginx (the limit), WireMock and Mountebank, in one run, over loopback.

Everything is on this machine and shares its cores with the load generator (wrk). Prints what it
measures as it goes and writes bench-mock-mc/results.json.
"""
import argparse
import json
import os
import pathlib
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ASK = "/v1/evidence/shop-1.5.0?environment=bench&stage=20&nonce=0123456789abcdef"
DELAY_MS = 50


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url):
    with urllib.request.urlopen(url, timeout=20) as response:
        return response.read()


def post(url, body):
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"}),
                           timeout=20).read()


def wait_for(function, seconds=60):
    until = time.monotonic() + seconds
    while True:
        try:
            return function()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


class Server:
    """A running server: URLs by purpose, and its processes."""

    def __init__(self, name, command, folder, urls, probe, **more):
        self.name, self.urls = name, urls
        self._log = open(folder / f"{name}.log", "w")
        self.process = subprocess.Popen(command, stdout=self._log, stderr=self._log, **more)
        wait_for(lambda: get(probe))

    def pids(self):
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout
        return [self.process.pid] + [int(pid) for pid in children.split()]

    def resident_mib(self):
        total = 0
        for pid in self.pids():
            match = re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())
            total += int(match.group(1)) if match else 0
        return round(total / 1024, 1)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()


def mock_mc(program, folder, canned, threads):
    subprocess.run([program, "keygen", "--id", "ed", "--out-dir", str(folder / "ed")], check=True, capture_output=True)
    subprocess.run([program, "keygen", "--id", "p256", "--algorithm", "ecdsa-p256", "--out-dir", str(folder / "p256")],
                   check=True, capture_output=True)
    script = folder / "mock-mc.yaml"
    script.write_text(
        "apiVersion: mock-mc/v1\n"
        f"keys: [{{id: ed, algorithm: ed25519, privateKeyFile: {folder}/ed/ed.pem}}, "
        f"{{id: p256, algorithm: ecdsa-p256, privateKeyFile: {folder}/p256/p256.pem}}]\n"
        "rules:\n"
        f"  - {{id: canned, match: {{path: /canned}}, status: 200, headers: {{Content-Type: application/json}}, "
        f"body: '{canned}'}}\n"
        f"  - {{id: delayed, match: {{path: /delayed}}, body: '{canned}', delay: {DELAY_MS}ms}}\n"
        "  - {id: p256, match: {path: '/p256/{releaseId}'}, evidence: {ok: true, sign: p256}}\n"
        "  - {id: drip, match: {path: /drip}, body: '" + canned + "', fault: {drip: {bytes: 200, every: 20ms}}}\n"
        "  - {id: reset, match: {path: /reset}, body: '" + canned + "', fault: {reset: {afterBytes: 300}}}\n"
        "  - {id: half, match: {path: /cut}, body: '" + canned + "', fault: {close: {at: before-body}}}\n"
        "  - {id: stall, match: {path: /stall}, fault: {stall: {}}}\n"
        "  - {id: fresh, evidence: {ok: true}}\n")
    http, admin = free_port(), free_port()
    base = f"http://127.0.0.1:{http}"
    return Server("mock-mc", [program, "serve", str(script), "--listen", f"127.0.0.1:{http}", "--admin",
                              f"127.0.0.1:{admin}", "--threads", str(threads), "--max-connections", "20000"],
                  folder,
                  {"canned": base + "/canned", "delayed": base + "/delayed", "fresh": base + ASK,
                   "fresh-p256": base + "/p256/shop-1.5.0?environment=bench&stage=20&nonce=0123456789abcdef",
                   "base": base, "metrics": f"http://127.0.0.1:{admin}/metrics"}, base + "/canned")


def nginx(folder, canned):
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(
        "load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;\n"
        f"worker_processes 2; worker_rlimit_nofile 20000; daemon off; pid {folder}/nginx.pid;\n"
        f"error_log {folder}/nginx-error.log;\n"
        "events { worker_connections 16000; }\n"
        f"http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}/t1;\n"
        f"  proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4;\n"
        f"  scgi_temp_path {folder}/t5; default_type application/json;\n"
        f"  server {{ listen 127.0.0.1:{port} reuseport backlog=4096;\n"
        f"    location /canned {{ return 200 '{canned}'; }}\n"
        f"    location /delayed {{ echo_sleep {DELAY_MS / 1000}; echo '{canned}'; }} }} }}\n")
    base = f"http://127.0.0.1:{port}"
    return Server("nginx", ["nginx", "-c", str(config)], folder,
                  {"canned": base + "/canned", "delayed": base + "/delayed"}, base + "/canned")


def wiremock(jar, folder, canned):
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    server = Server("WireMock", ["java", "-jar", jar, "--port", str(port), "--bind-address", "127.0.0.1",
                                 "--no-request-journal", "--async-response-enabled", "true"], folder,
                    {"canned": base + "/canned", "delayed": base + "/delayed"}, base + "/__admin/mappings")
    for path, delay in (("/canned", None), ("/delayed", DELAY_MS)):
        response = {"status": 200, "body": canned, "headers": {"Content-Type": "application/json"}}
        if delay:
            response["fixedDelayMilliseconds"] = delay
        post(base + "/__admin/mappings", {"request": {"urlPath": path}, "response": response})
    return server


def mountebank(program, folder, canned):
    admin, port = free_port(), free_port()
    base = f"http://127.0.0.1:{port}"
    server = Server("Mountebank", [program, "start", "--port", str(admin), "--host", "127.0.0.1", "--nologfile",
                                   "--loglevel", "error", "--pidfile", str(folder / "mb.pid")], folder,
                    {"canned": base + "/canned", "delayed": base + "/delayed"}, f"http://127.0.0.1:{admin}/imposters")
    answer = {"is": {"body": canned, "headers": {"Content-Type": "application/json", "Connection": "keep-alive"}}}
    post(f"http://127.0.0.1:{admin}/imposters",
         {"port": port, "protocol": "http", "host": "127.0.0.1",
          "stubs": [{"predicates": [{"equals": {"path": "/canned"}}], "responses": [answer]},
                    {"predicates": [{"equals": {"path": "/delayed"}}],
                     "responses": [{**answer, "behaviors": [{"wait": DELAY_MS}]}]}]})
    return server


# ---- measuring

def to_ms(text):
    value, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]


def wrk(url, connections, seconds, threads=1):
    said = subprocess.run(["wrk", f"-t{min(threads, connections)}", f"-c{connections}", f"-d{seconds}s", "--latency",
                           "--timeout", "10s", url], capture_output=True, text=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    errors = re.search(r"Socket errors: (.*)", said)
    other = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    percentile = dict(re.findall(r"\s(50|75|90|99)%\s+(\S+)", said))
    return {"per second": float(rate.group(1)) if rate else 0.0,
            "p50 ms": to_ms(percentile["50"]) if "50" in percentile else None,
            "p99 ms": to_ms(percentile["99"]) if "99" in percentile else None,
            "errors": (errors.group(1) if errors else "") + (f" {other.group(1)} not 2xx" if other else "")}


def cpu_ticks(server):
    total = 0
    for pid in server.pids():
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total


def measure(server, purpose, connections, seconds, results, threads=1):
    wrk(server.urls[purpose], connections, max(1, seconds // 3), threads)  # warms up
    before = cpu_ticks(server)
    figures = wrk(server.urls[purpose], connections, seconds, threads)
    requests = figures["per second"] * seconds
    used = (cpu_ticks(server) - before) / os.sysconf("SC_CLK_TCK")
    figures["cpu us per request"] = round(used * 1e6 / requests, 1) if requests else None
    figures["resident MiB"] = server.resident_mib()
    figures["load before"] = os.getloadavg()[0]
    row = {"server": server.name, "what": purpose, "connections": connections, **figures}
    results.append(row)
    print(f"{server.name:10} {purpose:10} {connections:5} connections: {figures['per second']:9.0f}/s  "
          f"p50 {figures['p50 ms']} p99 {figures['p99 ms']} ms  {figures['cpu us per request']} us CPU  "
          f"{figures['resident MiB']} MiB  {figures['errors']}", flush=True)
    return row


def start_up(program, folder, times=21):
    """Milliseconds from exec to the first whole answer, and of CPU until then."""
    script = folder / "mock-mc.yaml"
    taken, cpu = [], []
    for _ in range(times):
        begin = time.perf_counter()
        child = subprocess.Popen([program, "serve", str(script), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                                  "--print-ready"], stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL)
        ready = child.stdout.readline()
        host, port = re.search(r"http=(\S+):(\d+)", ready).groups()
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"GET /canned HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            while client.recv(65536):
                pass
        taken.append((time.perf_counter() - begin) * 1000)
        child.terminate()
        _, _, used = os.wait4(child.pid, 0)
        child.returncode = 0
        cpu.append((used.ru_utime + used.ru_stime) * 1000)
    return {"median": round(statistics.median(taken), 1), "longest": round(max(taken), 1),
            "median CPU": round(statistics.median(cpu), 1)}


def crowd(server, results, connections=10000):
    """That many connections at once, each with two requests some time apart, beside some clients that
    never read; every answer must be the scripted one."""
    port = int(server.urls["base"].rsplit(":", 1)[1])
    ask = b"GET /canned HTTP/1.1\r\nHost: x\r\n\r\n"
    deaf = []
    for _ in range(20):
        one = socket.create_connection(("127.0.0.1", port))
        one.setblocking(False)
        try:
            while True:
                one.send(ask * 100)  # until nothing fits into any buffer
        except BlockingIOError:
            deaf.append(one)
    begin = time.monotonic()
    many = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(connections)]
    opened = time.monotonic() - begin
    wrong = 0
    for _ in range(2):
        for one in many:
            one.sendall(ask)
        for one in many:
            answer = one.recv(65536)
            wrong += not answer.startswith(b"HTTP/1.1 200 OK\r\n")
    resident = server.resident_mib()
    for one in many + deaf:
        one.close()
    row = {"server": server.name, "what": "crowd", "connections": connections, "answers": 2 * connections,
           "wrong": wrong, "clients that never read": len(deaf), "resident MiB": resident,
           "seconds to connect": round(opened, 2), "seconds": round(time.monotonic() - begin, 2)}
    results.append(row)
    print(f"{server.name:10} crowd {row}", flush=True)


def soak(server, seconds, results):
    """Faults, drips and half-read answers for a long time; memory must not grow."""
    stop = threading.Event()
    counts = {}
    base = server.urls["base"]
    port = int(base.rsplit(":", 1)[1])

    def client(path, read):
        while not stop.is_set():
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                    connection.settimeout(2)
                    while read and connection.recv(65536):
                        pass
                    if not read:
                        time.sleep(0.05)
            except OSError:
                pass
            counts[path] = counts.get(path, 0) + 1

    threads = [threading.Thread(target=client, args=one, daemon=True)
               for one in (("/drip", True), ("/drip", True), ("/reset", True), ("/cut", True), ("/stall", False),
                           ("/drip", False), ("/delayed", True), (ASK, True))]
    for thread in threads:
        thread.start()
    load = subprocess.Popen(["wrk", "-t1", "-c64", f"-d{seconds}s", server.urls["canned"]], stdout=subprocess.PIPE,
                            text=True)
    samples = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(min(15, max(1, seconds / 20)))
        samples.append(server.resident_mib())
        print(f"soak: {samples[-1]} MiB, {sum(counts.values())} faulty requests", flush=True)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", load.communicate()[0])
    stop.set()
    for thread in threads:
        thread.join(10)
    metrics = get(server.urls["metrics"]).decode()
    internal = re.search(r"mock_mc_internal_errors_total (\d+)", metrics).group(1)
    results.append({"server": server.name, "what": "soak", "seconds": seconds, "resident MiB": samples,
                    "per second": float(rate.group(1)), "faulty requests": counts, "internal errors": int(internal)})
    print(f"soak: {rate.group(1)}/s beside {counts}; {internal} internal errors; {samples[0]} to {samples[-1]} MiB")


def canned_answer(program, folder):
    """One signed answer, as text that every server sends."""
    (folder / "once").mkdir()
    server = mock_mc(program, folder / "once", "none", 1)
    try:
        return get(server.urls["fresh"]).decode().strip()
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mock-mc", default="build/release/bin/mock-mc")
    parser.add_argument("--wiremock")
    parser.add_argument("--mountebank")
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--soak", type=int, default=0, help="seconds")
    parser.add_argument("--only-mock-mc", action="store_true")
    parser.add_argument("--only-soak", action="store_true")
    parser.add_argument("--out", default="bench-mock-mc")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-mock-mc-"))
    os.chmod(folder, 0o755)  # nginx's workers are of another user
    canned = canned_answer(options.mock_mc, folder)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; the canned answer has {len(canned)} bytes")
    results = []
    makers = [lambda: mock_mc(options.mock_mc, folder, canned, 2)]
    if not options.only_mock_mc and not options.only_soak:
        makers.insert(0, lambda: nginx(folder, canned))
        if options.wiremock:
            makers.append(lambda: wiremock(options.wiremock, folder, canned))
        if options.mountebank:
            makers.append(lambda: mountebank(options.mountebank, folder, canned))
    for make in makers:
        server = make()
        try:
            if options.only_soak:
                soak(server, options.soak, results)
                continue
            for connections in (1, 64, 1024):
                measure(server, "canned", connections, options.seconds, results)
            measure(server, "delayed", 1000, options.seconds, results)
            measure(server, "delayed", 5000, options.seconds, results)
            if "fresh" in server.urls:
                measure(server, "fresh", 64, options.seconds, results)
                measure(server, "fresh-p256", 64, options.seconds, results)
                taken = start_up(options.mock_mc, folder)
                results.append({"server": server.name, "what": "start-up ms", **taken})
                print(f"{server.name:10} start-up {taken} ms", flush=True)
                crowd(server, results)
                if options.soak:
                    soak(server, options.soak, results)
        finally:
            server.stop()
    (out / "results.json").write_text(json.dumps(results, indent=1))
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
