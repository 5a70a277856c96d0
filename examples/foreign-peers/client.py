"""A Majordomo client by RFC 7 (MDP/0.1) with pyzmq: one request, resent on a fresh socket after silence.

usage: python3 client.py tcp://127.0.0.1:5555 SERVICE TEXT...
"""

import sys

import zmq

HEADER = b"MDPC01"
TIMEOUT_MS = 2_500
TRIES = 3


def request(endpoint, service, body):
    context = zmq.Context.instance()
    for _ in range(TRIES):
        socket = context.socket(zmq.REQ)  # REQ adds the empty frame and takes it off again
        socket.linger = 0
        socket.connect(endpoint)
        socket.send_multipart([HEADER, service, *body])
        if socket.poll(TIMEOUT_MS):
            header, replied, *reply = socket.recv_multipart()
            assert header == HEADER and replied == service
            socket.close()
            return reply
        socket.close()
    return None


if __name__ == "__main__":
    answer = request(sys.argv[1], sys.argv[2].encode(), [text.encode() for text in sys.argv[3:]] or [b""])
    if answer is None:
        sys.exit("no reply")
    print("\n".join(frame.decode() for frame in answer))
