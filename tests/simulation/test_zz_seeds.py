import os, pytest
from dataclasses import replace
from tests.simulation.conftest import *
from tests.simulation.test_truth import _found,_told
from zhengtong.simulation.irregularities import Family, Kind
from zhengtong.simulation.sizes import TOWN, MONTH
@pytest.mark.parametrize("seed", [int(x) for x in os.environ.get("SEEDS","8 9 10").split()])
@pytest.mark.parametrize("clean", [False, True])
def test_seed(seed, clean, sqlite_template, tmp_path, django_db_blocker):
    size = replace(TOWN, seed=seed)
    if os.environ.get("MONTHLY"):
        size = replace(MONTH, seed=seed, cases=3000, departments=10, items=100, staff=150)
    if clean: size=size.clean()
    with django_db_blocker.unblock():
        town = build_in(tmp_path/"h", sqlite_template, size) if (tmp_path/"h").mkdir() is None else 0
        with at_home(town.home, town.url):
            found=_found(town)
    missing=set(k.value for k in Kind)-{t.kind.value for t in town.lived.truths}
    print(seed, clean, len(town.lived.truths), "unplanted:", missing if not clean else "")
    for f in Family:
        a,b=found[f],_told(town,f)
        print(f, len(a), "only found", sorted(a-b)[:12], "only told", sorted(b-a)[:12])
