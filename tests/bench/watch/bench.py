"""The parts of run.sh that talk to the API server (through `kubectl proxy`) and to the gate."""

import http.client
import json
import random
import re
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

NAMESPACE = "bench"
ROLLOUTS = f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/rollouts"
SETS = f"/apis/apps/v1/namespaces/{NAMESPACE}/replicasets"
OUTBOX = "/api/v1/namespaces/default/configmaps"
local = threading.local()


def call(address, method, path, body=None, kind="application/json"):
    """One request over this thread's connection; the answer's JSON."""
    connections = local.__dict__.setdefault("connections", {})
    connection = connections.setdefault(address, http.client.HTTPConnection(address, timeout=60))
    connection.request(
        method, path, None if body is None else json.dumps(body), {"Content-Type": kind}
    )
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]}")
    return json.loads(text) if text.startswith(b"{") else text.decode()


def merge(address, path, body):
    return call(address, "PATCH", path, body, "application/merge-patch+json")


def gate_step(stage):
    return {
        "analysis": {
            "templates": [{"templateName": "evidence-gate"}],
            "args": [{"name": "stage", "value": stage}],
        }
    }


def rollout(name):
    labels = {"app": name}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"release-id": "shop-1"}},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "strategy": {
                "canary": {
                    "steps": [{"setWeight": 20}, gate_step("20"), {"setWeight": 50}, gate_step("50")]
                }
            },
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": "app:1"}]},
            },
        },
    }


def replica_set(owner, pod_hash):
    labels = {"app": owner["metadata"]["name"], "rollouts-pod-template-hash": pod_hash}
    reference = {"apiVersion": owner["apiVersion"], "kind": "Rollout", "controller": True}
    reference |= {key: owner["metadata"][key] for key in ("name", "uid")}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{owner['metadata']['name']}-{pod_hash}",
            "labels": labels,
            "ownerReferences": [reference],
        },
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": owner["spec"]["template"] | {"metadata": {"labels": labels}},
        },
    }


def create(api, count, changes):
    """Rollouts at rest. Of the first `changes` the ReplicaSets are there, too, without pods."""

    def one(index):
        name = f"rollout-{index}"
        made = call(api, "POST", ROLLOUTS, rollout(name))
        generation = str(made["metadata"]["generation"])
        status = {"observedGeneration": generation, "currentPodHash": "old", "stableRS": "old"}
        merge(api, f"{ROLLOUTS}/{name}/status", {"status": status})
        for pod_hash in ("old", "new") if index < changes else ():
            call(api, "POST", SETS, replica_set(made, pod_hash))

    begun = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(count)))
    print(f"{'created':20} {count} Rollouts in {time.monotonic() - begun:.0f} s", flush=True)


def requests_of(api):
    """How many requests about what the gate reads the API server has answered."""
    total = 0
    for line in call(api, "GET", "/metrics").splitlines():
        about = re.search(r'resource="(rollouts|configmaps|replicasets)"', line)
        if line.startswith("apiserver_request_total") and about:
            total += float(line.rsplit(" ", 1)[1])
    return int(total)


def metric(url, name):
    for line in call(url, "GET", "/metrics").splitlines():
        if line.startswith(name + " "):
            return float(line.rsplit(" ", 1)[1])
    return 0.0


def cpu_seconds(process):
    fields = open(f"/proc/{process}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def settle(api, url, process, what):
    """Until the gate leads and has been quiet for three seconds: it has looked at everything."""
    url = url.removeprefix("http://")
    begun = time.monotonic()
    before = last = requests_of(api)
    busiest, quiet, led = 0, 0, None
    while quiet < 3:
        time.sleep(1)
        now = requests_of(api)
        busiest = max(busiest, now - last)
        led = led or (time.monotonic() - begun if metric(url, "rollout_gate_leader") else None)
        quiet = quiet + 1 if led and now - last < 20 else 0
        last = now
        if time.monotonic() - begun > 300:
            sys.exit(f"bench: {what}: not at rest after 300 s")
    took = time.monotonic() - begun - 3
    print(
        f"{what:20} leads after {led:.0f} s, has seen all after {took:.0f} s; {last - before} requests, "
        f"at most {busiest}/s; {cpu_seconds(process):.1f} s of CPU",
        flush=True,
    )


def changes(api, count, per_second, goal):
    """Aborts Rollouts that are whole already: each is seen, measured, and queued to be told."""
    sent, queued = {}, {}
    version = call(api, "GET", OUTBOX)["metadata"]["resourceVersion"]
    ready, done = threading.Event(), threading.Event()

    def listen():
        connection = http.client.HTTPConnection(api, timeout=60)
        connection.request(
            "GET", f"{OUTBOX}?watch=1&resourceVersion={version}&fieldSelector="
            "metadata.name%3Drollout-gate-outbox"
        )
        answer = connection.getresponse()
        ready.set()
        while len(queued) < count:
            event = json.loads(answer.readline())
            now = time.monotonic()
            for line in event["object"].get("data", {}).get("pending-slack", "").splitlines():
                queued.setdefault(json.loads(line)["notice"]["rollout"], now)
        done.set()

    threading.Thread(target=listen, daemon=True).start()
    ready.wait()
    status = {"abort": True, "currentPodHash": "new", "stableRS": "old"}
    pause = random.Random(1)
    for index in range(count):
        name = f"rollout-{index}"
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        sent[name] = time.monotonic()
        merge(api, f"{ROLLOUTS}/{name}/status", {"status": status | {"abortedAt": at}})
        time.sleep(pause.uniform(0.5, 1.5) / per_second)
    if not done.wait(30):
        sys.exit(f"bench: {count - len(queued)} of {count} changes were not queued within 30 s")
    took = sorted(1000 * (queued[name] - at) for name, at in sent.items())
    p99 = took[min(count - 1, count * 99 // 100)]
    print(
        f"{f'{count} changes':20} {per_second:g} a second: noticed, measured and queued: p50 {took[count // 2]:.0f} ms, "
        f"p99 {p99:.0f} ms (goal: at most {goal:.0f}), longest {took[-1]:.0f} ms",
        flush=True,
    )
    sys.exit(0 if p99 <= goal else 1)


def gates(url, count):
    """`count` gates ask at the same time, each about another Rollout."""
    url = url.removeprefix("http://")
    together = threading.Barrier(count)

    def one(index):
        question = {
            "releaseId": "shop-1", "stage": "20", "namespace": NAMESPACE, "podHash": "old",
            "rollout": f"rollout-{5000 + index}", "environment": "bench",
        }
        together.wait()
        begun = time.monotonic()
        answer = call(url, "POST", "/v1/verdicts", question)
        return answer["verdict"], time.monotonic() - begun

    with ThreadPoolExecutor(count) as pool:
        answers = list(pool.map(one, range(count)))
    passed = sum(verdict == "pass" for verdict, _ in answers)
    took = sorted(seconds for _, seconds in answers)
    print(
        f"{f'{count} gates at once':20} {passed} verdicts that say pass, each on record; "
        f"p50 {took[count // 2]:.1f} s, longest {took[-1]:.1f} s",
        flush=True,
    )
    sys.exit(0 if passed == count else 1)


def main():
    command, *rest = sys.argv[1:]
    if command == "create":
        create(rest[0], int(rest[1]), int(rest[2]))
    elif command == "settle":
        settle(rest[0], rest[1], int(rest[2]), rest[3])
    elif command == "changes":
        changes(rest[0], int(rest[1]), float(rest[2]), float(rest[3]))
    elif command == "gates":
        gates(rest[0], int(rest[1]))


main()
