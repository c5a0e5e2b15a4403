"""Real processes to be killed: forked from the test, with a connection of their own, ended by SIGKILL."""

import os
import signal
import sys
import traceback
from collections.abc import Callable

from django.db import connection

from tests.support.databases import forget_connection

_children: set[int] = set()


def end_all() -> None:
    """For the end of a test that failed: a writer left behind would write without end."""
    for pid in list(_children):
        kill(pid)


def start(work: Callable[[], None]) -> int:
    """Fork; the child does this work and nothing else. Its pid."""
    connection.close()  # a child must not go on with its parent's connection
    pid = os.fork()
    if pid:
        _children.add(pid)
        return pid
    try:
        forget_connection()
        work()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def kill(pid: int) -> bool:
    """SIGKILL; whether it was still at work."""
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    _children.discard(pid)
    return os.WIFSIGNALED(status)


def end(pid: int) -> int:
    """Wait for it to end by itself; its exit code."""
    _, status = os.waitpid(pid, 0)
    _children.discard(pid)
    return os.waitstatus_to_exitcode(status)
