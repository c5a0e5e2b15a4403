"""The typed readers of the environment. Each fails loudly, naming the variable; a secret may also stand in the file
that `<NAME>_FILE` names, which others may not read. The architecture test compares the names asked for here with
`.env.example`."""

import os
from collections.abc import Callable, Collection
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off", ""})
OF_OTHERS = 0o027  # anything for others, writing for the group: root may own it and our group read it


def text(name: str, default: str) -> str:
    """The value as it stands; empty means not set."""
    return os.environ.get(name) or default


def flag(name: str, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in TRUE:
        return True
    if value.lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is neither yes nor no. Write 1 or 0.")


def number(name: str, default: int, *, least: int, most: int) -> int:
    """A whole number within bounds that the law or good sense sets; outside them the site does not start."""
    value = os.environ.get(name) or str(default)
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise ImproperlyConfigured(f"{name}={value!r} is not a whole number from {least} to {most}.")
    return int(value)


def choice(name: str, default: str, among: Collection[str]) -> str:
    value = text(name, default)
    if value not in among:
        raise ImproperlyConfigured(f"{name}={value!r} is none of {', '.join(among)}.")
    return value


def pass_on(name: str, value: str) -> None:
    """Tell the processes we start."""
    os.environ[name] = value


def secret(name: str, otherwise: Callable[[], str]) -> str:
    """The value of NAME, or the content of the file NAME_FILE names; both at once is refused."""
    value, file = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if value and file:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set. Keep one.")
    if value:
        return value
    if not file:
        return otherwise()
    try:
        mode = Path(file).stat().st_mode & 0o777
        content = Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE={file} cannot be read: {error.strerror}.") from error
    if mode & OF_OTHERS:
        raise ImproperlyConfigured(f"{name}_FILE={file} is open to others (mode {mode:04o}). chmod 640 it, or less.")
    if not content:
        raise ImproperlyConfigured(f"{name}_FILE={file} is empty.")
    return content
