"""Majordomo peers of RFC 7 and RFC 18 with pyzmq over CURVE, one request each.

usage: python3 curve_peers.py ROLE VERSION ENDPOINT SERVICE OWN_PUBLIC OWN_SECRET [SERVER_PUBLIC]

ROLE is worker (upper case), client (sends what it reads, prints the reply) or broker (one worker, one client at a time;
prints where it listens); VERSION is 01 or 02.
"""

import sys

import zmq

EMPTY = b""


def connect(context, endpoint, public, secret, server):
    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.curve_publickey, socket.curve_secretkey, socket.curve_serverkey = public, secret, server
    socket.connect(endpoint)
    return socket


def worker(socket, version, service):
    prefix = [EMPTY, b"MDPW01"] if version == "01" else [b"MDPW02"]
    final, heartbeat = (b"\x03", b"\x04") if version == "01" else (b"\x04", b"\x05")
    socket.send_multipart([*prefix, b"\x01", service])
    while True:
        if not socket.poll(500):
            socket.send_multipart([*prefix, heartbeat])
            continue
        command, *rest = socket.recv_multipart()[len(prefix) :]
        if command == b"\x02":
            address, _, *body = rest
            socket.send_multipart([*prefix, final, address, EMPTY, *[frame.upper() for frame in body]])
        elif command == heartbeat:
            socket.send_multipart([*prefix, heartbeat])
        else:
            print("disconnected", flush=True)
            return


def client(socket, version, service):
    body = sys.stdin.buffer.read()
    if version == "01":
        socket.send_multipart([EMPTY, b"MDPC01", service, body])
        head = 3
    else:
        socket.send_multipart([b"MDPC02", b"\x01", service, body])
        head = 3
    if socket.poll(5_000):
        print(socket.recv_multipart()[head].decode(), flush=True)
    else:
        print("no reply", flush=True)


def broker(socket):
    worker_id, waiting = None, {}
    while True:
        sender, empty, header, *rest = socket.recv_multipart()
        if header == b"MDPC01":
            service, *body = rest
            waiting[sender] = service
            socket.send_multipart([worker_id, EMPTY, b"MDPW01", b"\x02", sender, EMPTY, *body])
        elif header == b"MDPW01" and rest[0] == b"\x01":
            worker_id = sender
            print("registered", flush=True)
        elif header == b"MDPW01" and rest[0] == b"\x03":
            address, _, *body = rest[1:]
            socket.send_multipart([address, EMPTY, b"MDPC01", waiting.pop(address), *body])
        elif header == b"MDPW01" and rest[0] == b"\x04":
            known = sender == worker_id
            socket.send_multipart([sender, EMPTY, b"MDPW01", b"\x04" if known else b"\x05"])


def main(role, version, endpoint, service, public, secret, server=None):
    context = zmq.Context()
    if role == "broker":
        socket = context.socket(zmq.ROUTER)
        socket.linger = 0
        socket.curve_server, socket.curve_publickey, socket.curve_secretkey = True, public, secret
        socket.bind(endpoint)
        print(socket.last_endpoint.decode(), flush=True)
        broker(socket)
        return
    socket = connect(context, endpoint, public, secret, server)
    (worker if role == "worker" else client)(socket, version, service)
    socket.close()
    context.term()


if __name__ == "__main__":
    role, version, endpoint, service, *keys = sys.argv[1:]
    main(role, version, endpoint, service.encode(), *[key.encode() for key in keys])
