"""政通 Zhengtong: one platform for a one-stop government service centre."""

__version__ = "0.1.0"
