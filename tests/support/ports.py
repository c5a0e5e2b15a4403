"""A free port on loopback, below the range from which systems draw outgoing ports."""

from zhengtong.site.throwaway import free_port

__all__ = ["free_port"]
