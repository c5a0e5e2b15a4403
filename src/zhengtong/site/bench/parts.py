"""Every part of the bench by its name, in the order in which they run."""

from collections.abc import Mapping
from typing import Final

from zhengtong.site.bench.acts import acts
from zhengtong.site.bench.analyses import analyses
from zhengtong.site.bench.checking import checking
from zhengtong.site.bench.days import days
from zhengtong.site.bench.harness import Part
from zhengtong.site.bench.lists import lists
from zhengtong.site.bench.search import search
from zhengtong.site.bench.supervision import supervision
from zhengtong.site.bench.sweeps import sweeps
from zhengtong.site.bench.xes_reading import xes

PARTS: Final[Mapping[str, Part]] = {
    "acts": acts,
    "verify": checking,
    "days": days,
    "search": search,
    "lists": lists,
    "supervision": supervision,
    "analyses": analyses,
    "sweeps": sweeps,
    "xes": xes,
}
