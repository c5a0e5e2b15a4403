"""A state kept in the process: it answers as a whole reading does, follows what others write, and never outlives what it
was read from."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection

from zhengtong.kernel.states import fold
from zhengtong.ledger import current
from zhengtong.ledger.current import Current, load_current
from zhengtong.ledger.history import NoHistory, load_case
from zhengtong.ledger.record import Recorded, record_entry
from zhengtong.site.bench.story import Step, opens_at, steps
from zhengtong.site.throwaway import default_database, migrate
from zhengtong.operating.databases import sqlite_url
