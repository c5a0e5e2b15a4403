"""Where to listen: the address asked for, or the next free port, below the range from which systems draw outgoing
ports."""

import socket
from dataclasses import dataclass
from typing import Final, Self

LAST_PORT: Final = 32_767


class NoFreePort(OSError):
    def __init__(self, host: str, first: int) -> None:
        super().__init__(f"no port between {first} and {LAST_PORT} is free on {host}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    host: str
    port: int

    @classmethod
    def read(cls, written: str) -> Self:
        """
        >>> Address.read("127.0.0.1:8000")
        Address(host='127.0.0.1', port=8000)
        >>> Address.read("8000")
        Traceback (most recent call last):
        ValueError: '8000' is no address. Write host:port, as in 127.0.0.1:8000.
        """
        host, colon, port = written.rpartition(":")
        if not (colon and host and port.isdigit() and 0 < int(port) <= 65_535):
            raise ValueError(f"{written!r} is no address. Write host:port, as in 127.0.0.1:8000.")
        return cls(host=host.strip("[]"), port=int(port))

    @property
    def shown(self) -> str:
        local = self.host in {"127.0.0.1", "0.0.0.0", "::1", "::"}  # noqa: S104 - compared, not bound
        return f"http://{'localhost' if local else self.host}:{self.port}"


def first_free(wanted: Address) -> Address:
    """The address itself if free; else the next free port below the outgoing range."""
    for port in range(wanted.port, max(LAST_PORT, wanted.port) + 1):
        if _is_free(wanted.host, port):
            return Address(host=wanted.host, port=port)
    raise NoFreePort(wanted.host, wanted.port)


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
