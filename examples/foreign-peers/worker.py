"""A Majordomo worker by RFC 7 (MDP/0.1) with pyzmq: turns text to upper case.

usage: python3 worker.py tcp://127.0.0.1:5555 upper
"""

import sys
import time

import zmq

EMPTY, HEADER = b"", b"MDPW01"
READY, REQUEST, REPLY, HEARTBEAT, DISCONNECT = b"\x01", b"\x02", b"\x03", b"\x04", b"\x05"
INTERVAL = 2.5  # seconds between heartbeats, as the broker has it
LIVENESS = 4  # intervals of silence after which the broker is given up


def connect(context, endpoint, service):
    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.connect(endpoint)
    socket.send_multipart([EMPTY, HEADER, READY, service])
    return socket


def main(endpoint, service):
    context = zmq.Context()
    socket = connect(context, endpoint, service)
    heard_at = sent_at = time.monotonic()
    while True:
        if socket.poll(INTERVAL * 1000):
            heard_at = time.monotonic()
            empty, header, command, *rest = socket.recv_multipart()
            assert empty == EMPTY and header == HEADER
            if command == REQUEST:
                address, delimiter, *body = rest
                assert delimiter == EMPTY
                reply = [frame.decode().upper().encode() for frame in body]
                socket.send_multipart([EMPTY, HEADER, REPLY, address, EMPTY, *reply])
                sent_at = time.monotonic()
        else:
            command = None
        now = time.monotonic()
        if command == DISCONNECT or now - heard_at > INTERVAL * LIVENESS:
            socket.close()
            time.sleep(INTERVAL)
            socket = connect(context, endpoint, service)
            heard_at = sent_at = time.monotonic()
        elif now - sent_at >= INTERVAL:
            socket.send_multipart([EMPTY, HEADER, HEARTBEAT])
            sent_at = now


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2].encode())
