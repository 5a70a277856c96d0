"""MDP/0.2 (RFC 18) with pyzmq: just enough to ask for a service, and to serve one, in JSON."""

import json
import time

import zmq

EMPTY, CLIENT, WORKER = b"", b"MDPC02", b"MDPW02"
REQUEST_OF_CLIENT, PARTIAL_TO_CLIENT, FINAL_TO_CLIENT = b"\x01", b"\x02", b"\x03"
READY, REQUEST, PARTIAL, FINAL, HEARTBEAT, DISCONNECT = b"\x01", b"\x02", b"\x03", b"\x04", b"\x05", b"\x06"
INTERVAL = 2.5  # seconds between heartbeats, as the broker has it
LIVENESS = 4  # intervals of silence after which the broker is given up
ERROR = b"ERROR"  # the first of the two frames that say how a service failed


class Failure(Exception):
    """How a service failed: a code that its contract declares, and what the contract has for it."""

    def __init__(self, code, message, details=None, retryable=False):
        super().__init__(message)
        self.code, self.details, self.retryable = code, details, retryable

    def frames(self):
        failure = {"code": self.code, "message": str(self), "retryable": self.retryable, "details": self.details}
        return [ERROR, json.dumps(failure).encode()]


def call(endpoint, service, value, timeout_ms=5_000, on_progress=lambda value: None):
    """Asks a service, and returns its reply. Raises a Failure where it fails, and a TimeoutError where it is silent."""
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.linger = 0
    try:
        socket.connect(endpoint)
        socket.send_multipart([CLIENT, REQUEST_OF_CLIENT, service.encode(), json.dumps(value).encode()])
        while socket.poll(timeout_ms):
            header, command, replied, *body = socket.recv_multipart()
            assert header == CLIENT and replied.decode() == service
            if command == PARTIAL_TO_CLIENT:
                on_progress(json.loads(body[-1]))
                continue
            assert command == FINAL_TO_CLIENT
            if len(body) > 1 and body[-2] == ERROR:
                failure = json.loads(body[-1])
                raise Failure(failure["code"], failure["message"], failure.get("details"), failure["retryable"])
            return json.loads(body[-1])
        raise TimeoutError(f"no reply from {service} within {timeout_ms} ms")
    finally:
        socket.close()


def serve(endpoint, service, handler):
    """Answers requests until the process ends. The handler gets and returns values; it may raise a Failure."""
    while True:
        socket = zmq.Context.instance().socket(zmq.DEALER)
        socket.linger = 0
        socket.connect(endpoint)
        socket.send_multipart([WORKER, READY, service.encode()])
        session(socket, handler)
        socket.close()
        time.sleep(INTERVAL)


def session(socket, handler):
    heard_at = sent_at = time.monotonic()
    while time.monotonic() - heard_at < INTERVAL * LIVENESS:
        if socket.poll(INTERVAL * 1000):
            heard_at = time.monotonic()
            header, command, *rest = socket.recv_multipart()
            assert header == WORKER
            if command == DISCONNECT:
                return
            if command == REQUEST:
                address, delimiter, *body = rest
                assert delimiter == EMPTY
                socket.send_multipart([WORKER, FINAL, address, EMPTY, *answer(handler, body)])
                sent_at = time.monotonic()
        if time.monotonic() - sent_at >= INTERVAL:
            socket.send_multipart([WORKER, HEARTBEAT])
            sent_at = time.monotonic()


def answer(handler, body):
    try:
        return [json.dumps(handler(json.loads(body[0]))).encode()]
    except Failure as failure:
        return failure.frames()
    except Exception as error:  # whatever it is, the client is told
        return Failure("INTERNAL_ERROR", repr(error)).frames()
