"""Two processes that live and die together: `serve` and `work`. When one ends, or on Ctrl-C, both are stopped."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Final

SECONDS_TO_END_IN: Final = 15
SECONDS_BETWEEN_LOOKS: Final = 0.2


class Stopped(Exception):
    """Somebody asked us to stop."""


def keep_together(commands: Sequence[Sequence[str]], *, environment: Mapping[str, str]) -> int:
    """Start each `zhengtong …` command, wait for the first to end or for a signal, stop the rest.
    The exit code is that of the one that ended by itself, 0 when we were asked to stop."""
    previous = {number: signal.signal(number, _stop) for number in (signal.SIGINT, signal.SIGTERM)}
    processes: list[subprocess.Popen[bytes]] = []
    try:
        processes += [_start(command, environment) for command in commands]
        return _first_to_end(processes)
    except Stopped:
        return 0
    finally:
        for number in previous:
            signal.signal(number, signal.SIG_IGN)
        _end(processes)
        for number, handler in previous.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped


def _start(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # A group of its own: a Ctrl-C at the terminal reaches us alone, and we end the children in order.
    argv = [sys.executable, "-m", "zhengtong", *command]
    return subprocess.Popen(argv, env={**os.environ, **environment}, start_new_session=True)  # noqa: S603 - our own command


def _first_to_end(processes: Sequence[subprocess.Popen[bytes]]) -> int:
    while True:
        for process in processes:
            code = process.poll()
            if code is not None:
                return code
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    last = time.monotonic() + SECONDS_TO_END_IN
    for process in processes:
        try:
            process.wait(timeout=max(0.1, last - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
