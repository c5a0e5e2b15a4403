"""The installation of docs/operating, with the real programs on loopback: `init`, `serve` and `work` as the units start
them, nginx with the example's own words in front, a certificate, slow clients, too large uploads; and systemd's own
opinion of the units."""

import gzip
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.support.loud import skip_loudly
from tests.support.ports import free_port

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "docs" / "operating" / "examples"
HOST: Final = "zw.example.gov.cn"
PROGRAM: Final = f"{sys.prefix}/bin/zhengtong"
TOKEN: Final = "the monitor's own words"


def exec_of(unit: str) -> list[str]:
    """The very words of a unit's ExecStart, with the program of this checkout."""
    line = re.search(r"^ExecStart=(.*)$", (EXAMPLES / unit).read_text(), re.MULTILINE)
    assert line is not None
    return line[1].replace("/opt/zhengtong/.venv/bin/zhengtong", PROGRAM).split()


def environment(home: Path, port: int) -> dict[str, str]:
    """What the units read: the example's file, the secrets as files, and our places."""
    lines = (line for line in (EXAMPLES / "environment").read_text().splitlines() if line and line[0] != "#")
    said = dict(line.split("=", 1) for line in lines)
    secrets = home.parent / "secrets"
    secrets.mkdir(exist_ok=True)
    for name, content in (("secret-key", "k" * 60), ("metrics-token", TOKEN)):
        (secrets / name).write_text(content)
        (secrets / name).chmod(0o440)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ZHENGTONG_", "DATABASE_URL"))}
    return kept | said | {
        "ZHENGTONG_HOME": str(home), "ZHENGTONG_SECRET_KEY_FILE": str(secrets / "secret-key"),
        "ZHENGTONG_METRICS_TOKEN_FILE": str(secrets / "metrics-token"), "ZHENGTONG_BIND": f"127.0.0.1:{port}",
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """Where it can be reached: through nginx by TLS and without, and behind it."""

    tls: int
    plain: int
    behind: int
    folder: Path
    passwords: dict[str, dict[str, str]]

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPSConnection("127.0.0.1", self.tls, timeout=20, context=self._context())
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body or None, {"Host": HOST, **said})
        answer = connection.getresponse()
        answer.page = answer.read()  # type: ignore[attr-defined]
        connection.close()
        return answer

    def ask_behind(self, path: str, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.behind, timeout=20)
        connection.request("GET", path, headers={"Host": "127.0.0.1", **headers})
        answer = connection.getresponse()
        found = answer.status, answer.read()
        connection.close()
        return found

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.folder / "tls" / "fullchain.pem"))
        context.check_hostname = False  # asked by address, named by Host
        return context

    def log(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")


@contextmanager
def running(command: list[str], log: Path, env: dict[str, str], waits_for: int) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out:
        process = subprocess.Popen(command, env=env, stdout=out, stderr=out, start_new_session=True)
    try:
        until = time.monotonic() + 60
        while waits_for and not _answers(waits_for):
            assert process.poll() is None, log.read_text(errors="replace")[-2000:]
            assert time.monotonic() < until, (
                f"nothing answers on {waits_for}: {log.read_text(errors='replace')[-2000:]}"
            )
            time.sleep(0.1)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    nginx = shutil.which("nginx") or ("/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else None)
    if nginx is None:
        skip_loudly("nginx is not installed: the example of docs/operating was not tried")
    folder = tmp_path_factory.mktemp("installation")
    home, behind, tls, plain = folder / "home", free_port(), free_port(), free_port()
    env = environment(home, behind)
    passwords = _begin(env)
    _make_certificate(folder / "tls")
    config = _write_config(folder, tls=tls, plain=plain, behind=behind)
    web = [word.replace("127.0.0.1:8000", f"127.0.0.1:{behind}") for word in exec_of("zhengtong-web.service")]
    work = [*exec_of("zhengtong-work.service"), "--once"]
    with (
        running(web, folder / "web.log", env, behind),
        running([nginx, "-p", str(folder), "-c", str(config)], folder / "nginx.out", env, tls),
    ):
        subprocess.run(work, env=env, check=True, capture_output=True)
        yield Site(tls, plain, behind, folder, passwords)


def _begin(env: dict[str, str]) -> dict[str, dict[str, str]]:
    command = [
        PROGRAM, "init", "--json", "--region", "519901", "--region-name", "云溪区", "--document", "云政任〔2026〕1号",
        "--system", "10001:王立", "--security", "10002:陈思", "--audit", "10003:周敏",
    ]  # fmt: skip
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    found: dict[str, dict[str, str]] = json.loads(run.stdout)["administrators"]
    return found


def _make_certificate(folder: Path) -> None:
    folder.mkdir()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", folder / "private.pem",
         "-out", folder / "fullchain.pem"],
        check=True, capture_output=True,
    )  # fmt: skip


def _write_config(folder: Path, *, tls: int, plain: int, behind: int) -> Path:
    """The example with our ports and places, inside the frame that Debian's nginx.conf is."""
    words = (EXAMPLES / "nginx.conf").read_text(encoding="utf-8")
    for written, ours in (
        ("listen [::]:80;", ""), ("listen [::]:443 ssl http2;", ""),
        ("listen 80;", f"listen 127.0.0.1:{plain};"), ("listen 443 ssl http2;", f"listen 127.0.0.1:{tls} ssl http2;"),
        ("127.0.0.1:8000", f"127.0.0.1:{behind}"), ("/etc/zhengtong/tls", str(folder / "tls")),
        ("/var/log/nginx/", f"{folder}/"), ("client_header_timeout 10s;", "client_header_timeout 1s;"),
        ("client_body_timeout 20s;", "client_body_timeout 1s;"),
    ):  # fmt: skip
        assert written in words, written
        words = words.replace(written, ours)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    as_root = f"user {_owner(folder)};\n" if os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(
        f"{as_root}daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log warn;\n"
        f"events {{}}\nhttp {{\n{places}{words}\n}}\n",
        encoding="utf-8",
    )
    return config


def _owner(folder: Path) -> str:
    return folder.owner()


class TestThroughTheProxy:
    def test_everything_comes_by_tls_with_its_headers(self, site: Site) -> None:
        plain = http.client.HTTPConnection("127.0.0.1", site.plain, timeout=10)
        plain.request("GET", "/law/?a=1", headers={"Host": HOST})
        moved = plain.getresponse()
        assert (moved.status, moved.headers["Location"]) == (301, f"https://{HOST}/law/?a=1")
        plain.close()
        answer = site.ask("GET", "/")
        assert answer.status == 200
        assert "云溪区" in answer.page.decode()  # type: ignore[attr-defined]
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Server"] == "nginx", "the version is nobody's business"

    def test_static_files_are_kept_for_a_year(self, site: Site) -> None:
        page = site.ask("GET", "/").page.decode()  # type: ignore[attr-defined]
        styles = re.findall(r'href="(/static/[^"]+\.css)"', page)
        assert styles
        answer = site.ask("GET", styles[0], Accept_Encoding="gzip")
        assert answer.status == 200
        assert "max-age=" in answer.headers["Cache-Control"]
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Type"].startswith("text/css")
        body = answer.page  # type: ignore[attr-defined]
        assert len(gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body) > 1000

    def test_an_administrator_signs_in_through_it(self, site: Site) -> None:
        form = site.ask("GET", "/staff/sign-in")
        cookie = form.headers["Set-Cookie"]
        assert "Secure" in cookie
        assert "__Host-" in cookie
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', form.page.decode())  # type: ignore[attr-defined]
        assert token is not None
        said = site.passwords["system"]
        body = f"csrfmiddlewaretoken={token[1]}&typed={said['login']}&password={said['temporary_password']}".encode()
        headers = {"Cookie": cookie.split(";")[0], "Content_Type": "application/x-www-form-urlencoded"}
        answer = site.ask("POST", "/staff/sign-in", body, Referer=f"https://{HOST}/staff/sign-in", **headers)
        assert answer.status == 302
        forged = site.ask("POST", "/staff/sign-in", body, Referer="https://elsewhere.example/", **headers)
        assert forged.status == 403

    def test_what_is_too_large_is_refused_at_the_wall(self, site: Site) -> None:
        connection = http.client.HTTPSConnection("127.0.0.1", site.tls, timeout=10, context=site._context())
        connection.putrequest("POST", "/documents/verify", skip_host=True)
        connection.putheader("Host", HOST)
        connection.putheader("Content-Length", str(121 * 1024 * 1024))
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()

    @pytest.mark.parametrize("begun", [b"GET / HT", b"POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\na"])
    def test_slow_clients_are_left(self, site: Site, begun: bytes) -> None:
        began = time.monotonic()
        with (
            socket.create_connection(("127.0.0.1", site.tls), timeout=10) as raw,
            site._context().wrap_socket(raw, server_hostname=HOST) as slow,
        ):
            slow.sendall(begun)
            with suppress(ConnectionResetError, ssl.SSLError):
                slow.recv(1000)
        assert 0.5 < time.monotonic() - began < 8
        assert site.ask("GET", "/health").status == 200


class TestWatched:
    def test_figures_are_for_the_monitor_alone(self, site: Site) -> None:
        for _ in range(6):
            site.ask("GET", "/law/")
        assert site.ask("GET", "/metrics").status == 404
        counted = 0
        for _attempt in range(40):  # each process writes its counts down a little later
            status, page = site.ask_behind("/metrics")
            assert status == 200
            found = re.search(rb'zhengtong_requests_total\{route="site:procedures",status="200"\} (\d+)', page)
            counted = int(found[1]) if found else 0
            if counted >= 6:
                break
            time.sleep(0.25)
            site.ask("GET", "/law/")
        assert counted >= 6, "the counts of both processes are added"
        assert b"zhengtong_worker_age_seconds" in page
        assert site.ask_behind("/metrics", **{"X-Forwarded-For": "203.0.113.7"})[0] == 404
        told = site.ask_behind("/metrics", **{"X-Forwarded-For": "203.0.113.7", "Authorization": f"Bearer {TOKEN}"})
        assert told[0] == 200

    def test_from_afar_one_learns_only_whether(self, site: Site) -> None:
        answer = site.ask("GET", "/health/ready", X_Forwarded_For="127.0.0.1")
        assert (answer.status, json.loads(answer.page)) == (200, {"ready": True})  # type: ignore[attr-defined]
        checks = json.loads(site.ask_behind("/health/ready")[1])["checks"]
        assert checks["worker"]["level"] == checks["migrations"]["level"] == "well"

    def test_both_logs_tell_of_one_request_and_neither_where_it_went(self, site: Site) -> None:
        site.ask("GET", "/t/519901000000000000.aaaaaaaaaaaaaaaa?name=%E7%8E%8B%E7%AB%8B")
        site.ask("GET", "/search?q=13912345678")
        time.sleep(0.3)
        ours = [json.loads(line) for line in site.log("web.log").splitlines() if line.startswith("{")]
        theirs = [json.loads(line) for line in site.log("zhengtong.log").splitlines()]
        numbers = {line.get("request") for line in ours}
        assert theirs
        assert numbers & {line["request"] for line in theirs}
        everything = site.log("web.log") + site.log("zhengtong.log") + site.log("zhengtong-error.log")
        for secret in ("519901000000000000", "aaaaaaaaaaaaaaaa", "13912345678", "%E7%8E%8B", "王立",
                       site.passwords["system"]["temporary_password"]):  # fmt: skip
            assert secret not in everything, secret

    def test_nothing_is_open_to_others_in_its_home(self, site: Site) -> None:
        home = site.folder / "home"
        assert home.stat().st_mode & 0o077 == 0
        for path in (home / "zhengtong.sqlite3", *(home / "keys").glob("*.key")):
            assert path.stat().st_mode & 0o077 == 0, path


class TestUnits:
    def test_systemd_finds_nothing_wrong_with_them(self, tmp_path: Path) -> None:
        if shutil.which("systemd-analyze") is None:
            skip_loudly("systemd-analyze is not installed: the units of docs/operating were not verified")
        units = []
        for path in sorted(EXAMPLES.glob("zhengtong-*.*")):
            words = path.read_text(encoding="utf-8").replace("/opt/zhengtong/.venv/bin/zhengtong", PROGRAM)
            (tmp_path / path.name).write_text(words, encoding="utf-8")
            units.append(tmp_path / path.name)
        assert {path.suffix for path in units} == {".service", ".timer"}
        run = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
        complaints = [line for line in run.stderr.splitlines() if "zhengtong" in line]
        assert (run.returncode, complaints) == (0, []), run.stderr

    def test_name_only_secrets_the_settings_read(self) -> None:
        example = (EXAMPLES.parents[2] / ".env.example").read_text(encoding="utf-8")
        for path in EXAMPLES.glob("*.service"):
            for name in re.findall(r"([A-Z_]+)=%d/", path.read_text(encoding="utf-8")):
                assert f"\n{name}=" in example, name
