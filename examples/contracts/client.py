"""Asks a service by its contract, in plain JSON, and prints what comes as lines of JSON.

usage: python3 client.py tcp://127.0.0.1:5555 SERVICE JSON
"""

import json
import sys

import mdp


def show(kind, value):
    print(json.dumps({kind: value}), flush=True)


if __name__ == "__main__":
    endpoint, service, text = sys.argv[1:]
    try:
        show("reply", mdp.call(endpoint, service, json.loads(text), on_progress=lambda value: show("progress", value)))
    except mdp.Failure as failure:
        show("failure", {"code": failure.code, "details": failure.details})
