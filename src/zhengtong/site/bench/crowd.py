"""A crowd of visitors in a process of its own: threads with a connection each, asking addresses in turn until the time
is over. The plan comes in as JSON, the milliseconds of every answer go out as JSON; nothing but the standard library.
"""

import http.client
import json
import sys
import time
from collections.abc import Mapping
from threading import Barrier, Thread
from typing import Any, Final

OK: Final = 200
TRIVIAL: Final = "/bench/trivial"  # the address of a view that does nothing


def visit(plan: Mapping[str, Any], visitor: Mapping[str, Any], gate: Barrier, told: list[tuple[float, int]]) -> None:
    """One visitor: opens the connection, waits for the others, then asks."""
    connection = http.client.HTTPConnection("127.0.0.1", plan["port"], timeout=60)
    headers = {"User-Agent": visitor["agent"], "Cookie": visitor["cookie"], "Host": f"localhost:{plan['port']}"}
    addresses = visitor["addresses"]
    connection.connect()
    gate.wait()
    ends = time.perf_counter() + plan["seconds"]
    turn = 0
    while (began := time.perf_counter()) < ends:
        connection.request("GET", addresses[turn % len(addresses)], headers=headers)
        answer = connection.getresponse()
        answer.read()
        told.append(((time.perf_counter() - began) * 1e3, answer.status))
        turn += 1
    connection.close()


def main() -> None:
    plan = json.load(sys.stdin)
    told: list[tuple[float, int]] = []
    gate = Barrier(len(plan["visitors"]))
    threads = [Thread(target=visit, args=(plan, visitor, gate, told)) for visitor in plan["visitors"]]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lasted = time.perf_counter() - began
    wrong = sorted({status for _ms, status in told if status != OK})
    json.dump({"ms": [ms for ms, _status in told], "wrong": wrong, "seconds": lasted}, sys.stdout)


if __name__ == "__main__":
    main()
