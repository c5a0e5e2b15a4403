"""A progress line on a terminal for what takes longer than two seconds; silent elsewhere."""

import time
from types import TracebackType
from typing import Final, Protocol, Self

SILENT_SECONDS: Final = 2.0
SECONDS_BETWEEN: Final = 0.2


class Stream(Protocol):
    def isatty(self) -> bool: ...
    def write(self, msg: str, style_func: None = None, ending: str | None = None) -> object: ...
    def flush(self) -> None: ...


class Progress:
    """`at(n)` says that n are done."""

    def __init__(self, stream: Stream, what: str, total: int | None = None) -> None:
        self._stream = stream
        self._what = what
        self._total = total
        self._began = self._shown = time.monotonic()
        self._is_shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_shown:
            self._stream.write("", ending="\n")

    def at(self, done: int) -> None:
        now = time.monotonic()
        if now - self._began < SILENT_SECONDS or now - self._shown < SECONDS_BETWEEN or not self._stream.isatty():
            return
        self._shown, self._is_shown = now, True
        self._stream.write(f"\r{self._line(done, now)}", ending="")
        self._stream.flush()

    def _line(self, done: int, now: float) -> str:
        rate = done / (now - self._began)
        if not self._total:
            return f"{done:,} {self._what}, {rate:,.0f}/s"
        filled = min(30, 30 * done // self._total)
        return f"[{'#' * filled}{'.' * (30 - filled)}] {done:,} of {self._total:,} {self._what}, {rate:,.0f}/s"
