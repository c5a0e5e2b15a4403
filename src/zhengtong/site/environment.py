"""The three typed readers of the environment. Each fails loudly, naming the variable; a secret may also stand in the
file that `<NAME>_FILE` names. The architecture test compares the names asked for here with `.env.example`."""

import os
from collections.abc import Callable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off", ""})


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
        content = Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE={file} cannot be read: {error.strerror}.") from error
    if not content:
        raise ImproperlyConfigured(f"{name}_FILE={file} is empty.")
    return content
