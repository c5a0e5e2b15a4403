"""The provider as a process of its own: node and the npm package `oidc-provider`, which the tests alone install."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Final

from tests.support.loud import skip_loudly

HERE: Final = Path(__file__).resolve().parent


def install() -> str:
    """The path of node; the packages of the lock file are there after this."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        skip_loudly("node and npm are not installed: no sign-in through a real OpenID provider was tried")
    (HERE / "node_modules").mkdir(exist_ok=True)
    with (HERE / "node_modules" / ".lock").open("w") as lock:
        flock(lock, LOCK_EX)  # of two workers of the tests one installs
        _install(npm)
    return node


def _install(npm: str) -> None:
    if not (HERE / "node_modules" / "oidc-provider").is_dir():
        command = [npm, "ci", "--ignore-scripts", "--silent"]
        if subprocess.run(command, cwd=HERE, check=False, timeout=300, capture_output=True).returncode:
            skip_loudly("npm ci in tests/openid failed: no sign-in through a real OpenID provider was tried")


@contextmanager
def running(port: int, *, redirect: str, home: str) -> Iterator[str]:
    """The issuer's address, while the provider runs."""
    command = [install(), str(HERE / "provider.mjs"), str(port), redirect, home]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "ready" in line:
                break
        try:
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            process.wait(timeout=10)
