"""How DATABASE_URL is read stands in `operating`, which moves and restores databases; the site takes it from here."""

from zhengtong.operating.databases import SECONDS_TO_WAIT_FOR_A_LOCK, SQLITE_PRAGMAS, database, sqlite_url

__all__ = ["SECONDS_TO_WAIT_FOR_A_LOCK", "SQLITE_PRAGMAS", "database", "sqlite_url"]
