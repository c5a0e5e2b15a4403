"""Where the site listens."""

import socket

from tests.support.ports import free_port
from zhengtong.site.ports import LAST_PORT, Address, first_free


class TestFirstFree:
    def test_keeps_a_free_port(self) -> None:
        wanted = Address(host="127.0.0.1", port=free_port())
        assert first_free(wanted) == wanted

    def test_takes_the_next_when_the_port_is_taken(self) -> None:
        with socket.socket() as taken:
            port = free_port()
            taken.bind(("127.0.0.1", port))
            taken.listen()
            found = first_free(Address(host="127.0.0.1", port=port))
        assert port < found.port <= LAST_PORT
