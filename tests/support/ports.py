"""A free port on loopback, below the range from which systems draw outgoing ports."""

import random

from zhengtong.site.ports import Address, first_free


def free_port() -> int:
    start = random.SystemRandom().randrange(20_000, 32_000)  # so that two workers seldom ask for the same
    return first_free(Address(host="127.0.0.1", port=start)).port
