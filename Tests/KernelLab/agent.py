"""Serves one network namespace to a test: runs commands in it, sends frames and hears frames.

Reads one JSON request a line, writes one JSON answer a line, and ends with its standard input, so
that the namespace (made by `unshare --net`) is gone when the test is, however that ends.
"""
import json
import select
import socket
import subprocess
import sys

ETH_P_ALL = 3
PACKET_OUTGOING = 4
ears = {}


def listen(devices):
    for device in devices:
        ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        ear.bind((device, ETH_P_ALL))
        ear.setblocking(False)
        ears[device] = ear
    return {}


def run(words, text):
    done = subprocess.run(words, input=text, capture_output=True, text=True)
    return {"status": done.returncode, "output": done.stdout, "error": done.stderr}


def heard(wait):
    """Frames that came in, until `wait` seconds pass without one."""
    frames = []
    while True:
        ready, _, _ = select.select(list(ears.values()), [], [], wait)
        if not ready:
            return frames
        for device, ear in ears.items():
            while True:
                try:
                    data, address = ear.recvfrom(65536)
                except BlockingIOError:
                    break
                if address[2] != PACKET_OUTGOING:
                    frames.append({"device": device, "frame": data.hex()})


def send(device, frame, wait):
    heard(0)
    ears[device].send(bytes.fromhex(frame))
    return {"frames": heard(wait)}


def answer(request):
    if "run" in request:
        return run(request["run"], request.get("input", ""))
    if "listen" in request:
        return listen(request["listen"])
    if "send" in request:
        return send(request["send"], request["frame"], request["wait"])
    if "write" in request:
        with open(request["write"], "w") as file:
            file.write(request["value"])
        return {}
    raise ValueError("no such request")


for line in sys.stdin:
    try:
        reply = answer(json.loads(line))
    except Exception as error:  # the test says what it wanted
        reply = {"failure": repr(error)}
    print(json.dumps(reply), flush=True)
