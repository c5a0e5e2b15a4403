"""Whatever a provider answers, the server asks no address but the provider's own."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.accounts.cast import AT
from zhengtong.accounts import openid, openid_providers
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.openid_providers import Provider

ISSUED = {"authorization_endpoint": "/a", "token_endpoint": "/token", "jwks_uri": "/keys"}


class Handler(BaseHTTPRequestHandler):
    """A provider that sends whoever exchanges a code, or asks for keys, to another address."""

    asked: list[str]

    def _answer(self) -> None:
        self.asked.append(self.path)
        issuer = f"http://{self.headers['Host']}"
        told = json.dumps({"issuer": issuer, **{name: issuer + path for name, path in ISSUED.items()}}).encode()
        moved = self.path in {"/token", "/keys"}
        self.send_response(307 if moved else 200)
        if moved:
            self.send_header("Location", f"{issuer}/elsewhere")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_POST = _answer  # noqa: N815 - the names the server calls

    def log_message(self, *_words: object) -> None:
        return


@pytest.fixture
def provider() -> Iterator[Provider]:
    Handler.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    openid_providers._kept.clear()
    yield Provider(code="x", name="x", name_en="x", issuer=f"http://127.0.0.1:{server.server_port}", client_id="c")
    server.shutdown()
    server.server_close()


def test_the_exchange_of_the_code_goes_nowhere_else(provider: Provider) -> None:
    _address, pending = openid.begin(provider, redirect_uri="http://localhost/b", language="en", wanted="", at=AT)
    told = {"state": pending.state, "code": "once"}
    with pytest.raises(NotPossible, match="openid_away"):
        openid.finish(provider, pending, told=told, redirect_uri="http://localhost/b", at=AT)
    assert "/token" in Handler.asked and "/elsewhere" not in Handler.asked


def test_nor_does_asking_for_keys(provider: Provider) -> None:
    with pytest.raises(NotPossible, match="openid_away"):
        openid_providers.keys_at(provider, AT, fresh=True)
    assert "/keys" in Handler.asked and "/elsewhere" not in Handler.asked
