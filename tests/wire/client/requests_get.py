"""One GET with requests. Prints what it saw as one line of JSON."""
import errno
import json
import socket
import ssl
import sys
import time

import requests
import urllib3

url, ca_file, timeout = sys.argv[1], sys.argv[2], float(sys.argv[3])

# All names are on this machine.
_resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: _resolve("127.0.0.1", *rest, **more)


def errno_of(error):
    """The errno, or another short name, at the bottom of a chain of exceptions."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, ssl.SSLError):
            return error.reason or "SSLError"
        if isinstance(error, OSError) and error.errno and not isinstance(error, requests.RequestException):
            return errno.errorcode.get(error.errno, str(error.errno))
        if isinstance(error, (urllib3.exceptions.IncompleteRead, urllib3.exceptions.InvalidChunkLength)):
            return type(error).__name__
        inner = [a for a in getattr(error, "args", ()) if isinstance(a, BaseException)]
        inner.append(getattr(error, "reason", None))
        error = next((e for e in inner if isinstance(e, BaseException)), None) or error.__cause__ or error.__context__
    return ""


result = {"status": 0, "bytes": 0, "millis": 0.0, "errno": "", "error": ""}
start = time.monotonic()
try:
    with requests.get(url, timeout=timeout, verify=ca_file or True, stream=True) as response:
        result["status"] = response.status_code
        for piece in response.iter_content(chunk_size=1):
            result["bytes"] += len(piece)
except Exception as error:  # whatever a user of requests would see
    result["error"] = f"{type(error).__name__}: {error}"[:300]
    result["errno"] = errno_of(error) or type(error).__name__
result["millis"] = round((time.monotonic() - start) * 1000, 1)
print(json.dumps(result))
