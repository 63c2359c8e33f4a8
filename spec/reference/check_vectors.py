"""Holds every file of spec/vectors against this implementation, and prints a count for each.

An operation takes a vector's input and returns the output that it must have; a refusal's kind is compared with the
failure class. Exit code 0 if all agree, else 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from operations import BY_FILE
from operations.given import Fields
from sipher.refusal import Refused

VECTORS = Path(__file__).resolve().parent.parent / "vectors"


def difference(made: Any, wanted: Any, where: str = "output") -> str | None:
    """Where two outputs differ first."""
    if isinstance(made, dict) and isinstance(wanted, dict) and made.keys() == wanted.keys():
        return next((found for name in wanted if (found := difference(made[name], wanted[name], f"{where}.{name}"))), None)
    if isinstance(made, list) and isinstance(wanted, list):
        for at, (one, other) in enumerate(zip(made, wanted)):
            if found := difference(one, other, f"{where}[{at}]"):
                return found
        return None if len(made) == len(wanted) else f"{where}: {len(made)} of {len(wanted)} entries"
    return None if made == wanted else f"{where}: {str(made)[:120]} instead of {str(wanted)[:120]}"


def check(name: str, vector: Fields) -> str | None:
    """What is wrong with one vector's outcome, if anything is."""
    operation = BY_FILE.get(name, {}).get(vector["op"])
    if operation is None:
        return f"unknown operation {vector['op']}"
    try:
        made = operation(vector["input"])
    except Refused as refused:
        return None if refused.kind == vector["expect"] else f"{refused.kind} instead of {vector['expect']}"
    except AssertionError as broken:
        return str(broken)
    if vector["expect"] != "ok":
        return f"ok instead of {vector['expect']}"
    return difference(made, vector["output"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="names of vector files; all if none is given")
    wanted = parser.parse_args().files
    failed, total = 0, 0
    for path in sorted(VECTORS.glob("*.json")):
        if wanted and path.stem not in wanted:
            continue
        vectors = json.loads(path.read_text())["vectors"]
        faults = [(vector, fault) for vector in vectors if (fault := check(path.stem, vector))]
        for vector, fault in faults:
            print(f"{path.stem} {vector['id']} ({vector['comment']}): {fault}")
        print(f"{path.stem:12} {len(vectors) - len(faults):5} of {len(vectors):5}")
        failed, total = failed + len(faults), total + len(vectors)
    print(f"{'all':12} {total - failed:5} of {total:5}")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main())
