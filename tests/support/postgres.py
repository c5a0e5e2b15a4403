"""A throw-away PostgreSQL for tests. Where its programs are missing, tests that need it are skipped and the summary
says so."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.loud import skip_loudly
from zhengtong.site import throwaway
from zhengtong.site.throwaway import Cluster


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    if throwaway.find_programs() is None:
        skip_loudly("PostgreSQL's initdb and pg_ctl are not installed: nothing was shown on PostgreSQL")
    with throwaway.running_cluster() as cluster:
        yield cluster


__all__ = ["Cluster", "running_cluster"]
