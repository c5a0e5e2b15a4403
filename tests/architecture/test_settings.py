"""`.env.example` says exactly what settings read; the readers of the environment fail loudly."""

import ast
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from django.core.exceptions import ImproperlyConfigured

from zhengtong.site.environment import flag, number, secret, text

CHECKOUT: Final = Path(__file__).resolve().parents[2]
SETTINGS: Final = CHECKOUT / "src" / "zhengtong" / "site" / "settings.py"
SIGN_IN: Final = SETTINGS.with_name("sign_in_settings.py")
READERS: Final = {"text", "flag", "number", "secret", "choice"}


def names_read() -> set[str]:
    found = set()
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (SETTINGS, SIGN_IN)]
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in READERS:
            name = ast.literal_eval(node.args[0])
            found |= {name, f"{name}_FILE"} if node.func.id == "secret" else {name}
    return found


def names_documented() -> set[str]:
    return set(re.findall(r"^([A-Z_]+)=", (CHECKOUT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))


class TestExample:
    def test_names_what_settings_read_and_nothing_else(self) -> None:
        assert names_documented() == names_read()

    def test_environment_is_read_only_there(self) -> None:
        only_pass_it_on = {"cli.py", "wsgi.py", "server.py", "serving.py", "supervisor.py", "children.py"}
        allowed = {"environment.py", *only_pass_it_on}
        reading = {
            path.name
            for path in (CHECKOUT / "src").rglob("*.py")
            if re.search(r"os\.environ|os\.getenv", path.read_text(encoding="utf-8"))
        }
        assert reading <= allowed

    def test_settings_stay_short(self) -> None:
        assert len(SETTINGS.read_text(encoding="utf-8").splitlines()) <= 200


class TestReaders:
    def test_empty_text_is_not_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ZHENGTONG_SITE_NAME", "")
        assert text("ZHENGTONG_SITE_NAME", "中心") == "中心"

    def test_neither_yes_nor_no_is_refused_by_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ZHENGTONG_DEBUG", "maybe")
        with pytest.raises(ImproperlyConfigured, match=r"ZHENGTONG_DEBUG='maybe'"):
            flag("ZHENGTONG_DEBUG", default=False)

    @pytest.mark.parametrize("written", ["2", "11", "-5", "five", "5.0", "٥"])
    def test_number_outside_its_bounds_is_refused_by_name(self, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
        monkeypatch.setenv("ZHENGTONG_LOCK_TRIES", written)
        with pytest.raises(ImproperlyConfigured, match=r"ZHENGTONG_LOCK_TRIES='.*' is not a whole number from 3 to 10"):
            number("ZHENGTONG_LOCK_TRIES", 5, least=3, most=10)

    def test_secret_comes_from_a_file(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("from the file\n")
        (tmp_path / "key").chmod(0o640)
        monkeypatch.setenv("ZHENGTONG_SECRET_KEY_FILE", str(tmp_path / "key"))
        assert secret("ZHENGTONG_SECRET_KEY", lambda: "drawn") == "from the file"

    @pytest.mark.parametrize("mode", [0o644, 0o660, 0o602])
    def test_a_file_open_to_others_is_refused(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: int) -> None:
        (tmp_path / "key").write_text("from the file\n")
        (tmp_path / "key").chmod(mode)
        monkeypatch.setenv("ZHENGTONG_SECRET_KEY_FILE", str(tmp_path / "key"))
        with pytest.raises(ImproperlyConfigured, match="open to others"):
            secret("ZHENGTONG_SECRET_KEY", lambda: "drawn")

    @pytest.mark.parametrize("content", [None, ""])
    def test_missing_or_empty_file_is_refused(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
    ) -> None:
        if content is not None:
            (tmp_path / "key").write_text(content)
            (tmp_path / "key").chmod(0o600)
        monkeypatch.setenv("ZHENGTONG_SECRET_KEY_FILE", str(tmp_path / "key"))
        with pytest.raises(ImproperlyConfigured, match="ZHENGTONG_SECRET_KEY_FILE"):
            secret("ZHENGTONG_SECRET_KEY", lambda: "drawn")

    def test_value_and_file_at_once_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ZHENGTONG_SECRET_KEY", "one")
        monkeypatch.setenv("ZHENGTONG_SECRET_KEY_FILE", "two")
        with pytest.raises(ImproperlyConfigured, match="Keep one"):
            secret("ZHENGTONG_SECRET_KEY", lambda: "drawn")


class TestSecretKey:
    def test_is_drawn_once_and_readable_by_its_owner_only(self, tmp_path: Path) -> None:
        code = "from zhengtong.site import settings; print(settings.SECRET_KEY)"
        environment = {"ZHENGTONG_HOME": str(tmp_path / "home"), "PYTHONPATH": str(CHECKOUT / "src")}
        first, second = (
            subprocess.run(
                [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
            ).stdout
            for _ in range(2)
        )
        assert first == second
        assert len(first.strip()) >= 50
        assert stat.S_IMODE((tmp_path / "home" / "secret-key").stat().st_mode) == 0o600
