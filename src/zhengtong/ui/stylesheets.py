"""Which styles each face loads, in order: Tabler, type, tokens, components. The portal loads nothing of the desk."""

_BASE = (
    "vendor/tabler/tabler.min.css",
    "vendor/noto-sans-sc/400.css",
    "vendor/noto-sans-sc/600.css",
    "ui/css/tokens.css",
    "ui/css/base.css",
)


def _sheets(*names: str) -> tuple[str, ...]:
    return (*_BASE, *(f"ui/css/{name}.css" for name in names))


_SHARED = ("buttons", "forms", "signals", "clock", "timeline", "materials", "figures", "table", "states", "leaf")

SHEETS: dict[str, tuple[str, ...]] = {
    "portal": _sheets(*_SHARED, "portal", "front", "guide", "print"),
    "desk": _sheets(*_SHARED, "decide", "evidence", "counter", "desk", "print"),
    "hall": _sheets("signals", "figures", "table", "hall"),
    "paper": _sheets("buttons", "signals", "leaf", "print"),
}
