"""From where a request came, behind a reverse proxy: only a proxy the installation names is believed.

Without ZHENGTONG_PROXIES the header X-Forwarded-For counts for nothing, for anybody can write it.
"""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse

Network = IPv4Network | IPv6Network
Handler = Callable[[HttpRequest], HttpResponse]


def networks(written: str) -> tuple[Network, ...]:
    """
    Raises:
        ImproperlyConfigured: an entry that is no address and no network.
    """
    try:
        return tuple(ip_network(entry.strip()) for entry in written.split(",") if entry.strip())
    except ValueError as error:
        raise ImproperlyConfigured(f"ZHENGTONG_PROXIES: {error}. Write addresses or networks with commas.") from error


def true_address(peer: str, forwarded: str, proxies: Sequence[Network]) -> str:
    """The nearest address that is no proxy of ours; the peer itself where it is none. What stands before a hop that is
    no address was perhaps invented, and counts for nothing.

    >>> true_address("127.0.0.1", "203.0.113.9, 198.51.100.7", networks("127.0.0.1"))
    '198.51.100.7'
    >>> true_address("203.0.113.9", "10.0.0.1", networks("127.0.0.1"))
    '203.0.113.9'
    """
    found = peer
    for hop in reversed([*_hops(forwarded), peer]):
        if not _is_address(hop):
            break
        found = hop
        if not _is_proxy(hop, proxies):
            break
    return found


def _hops(forwarded: str) -> list[str]:
    return [hop.strip() for hop in forwarded.split(",") if hop.strip()]


def _is_address(written: str) -> bool:
    """Without the zone of a link-local one, which may be any text."""
    try:
        ip_address(written)
    except ValueError:
        return False
    return "%" not in written


def _is_proxy(written: str, proxies: Sequence[Network]) -> bool:
    return _is_address(written) and any(ip_address(written) in network for network in proxies)


def believed(get_response: Handler) -> Handler:
    """Middleware: REMOTE_ADDR becomes where the request came from."""
    proxies = networks(settings.ZHENGTONG_PROXIES)

    def answer(request: HttpRequest) -> HttpResponse:
        if proxies:
            peer = str(request.META.get("REMOTE_ADDR", ""))
            request.META["REMOTE_ADDR"] = true_address(peer, request.META.get("HTTP_X_FORWARDED_FOR", ""), proxies)
        return get_response(request)

    return answer
