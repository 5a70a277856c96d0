"""Serves the contract `price` (contracts.mjs) in Python.

usage: python3 worker.py tcp://127.0.0.1:5555
"""

import sys

import mdp

CENTS = {"tea": 450, "cup": 1200}


def price(request):
    cents = 0
    for line in request["lines"]:
        if line["sku"] not in CENTS:
            raise mdp.Failure("UNKNOWN_SKU", f"there is no {line['sku']}", {"sku": line["sku"]})
        # What is left out has the default that the contract gives it.
        cents += CENTS[line["sku"]] * line.get("quantity", 1)
    if cents > 1_000_000:
        return {"cents": "a lot", "validUntil": "soon"}  # what the contract does not have: the client finds out
    return {"cents": cents, "validUntil": "2030-01-01T00:00:00Z"}


if __name__ == "__main__":
    mdp.serve(sys.argv[1], "price", price)
