import os, time, traceback, collections, pytest
from django.test import Client
from tests.architecture.addresses import doors, set_scene, signed_in
from tests import cast
from tests.attacks.pages import *
from zhengtong.ledger.models.cases import Case
from zhengtong.accounts.models import Account, Person


def test_all(lived):
    t0 = time.time()
    budget = float(os.environ.get("BUDGET", "420"))
    s = set_scene()
    found = {}
    for door in doors():
        for role, client in s.clients.items():
            try:
                a = client.get(door.address(s.words))
            except Exception as e:
                print("GET", door.name, role, repr(e)[:200])
                continue
            if a.status_code == 200:
                for f in forms_of(door.address(s.words), a):
                    k = (f.action.split("?")[0], tuple(sorted(f.fields)))
                    found.setdefault(k, (role, client, f))
    print("forms from doors", len(found), time.time() - t0)
    seen = set()
    logins = [f"wj{n:02d}" for n in range(1, 9)] + [
        "qy04",
        "qy05",
        "qy06",
        "qy01",
        "zx02",
        "zx06",
        "zx09",
        "zx10",
        "zx11",
        "sc01",
        "sc03",
    ]
    staff = {l: signed_in(cast.account_of(l)) for l in logins}
    for case in Case.objects.order_by("pk"):
        k = (case.procedure, case.state)
        if k in seen:
            continue
        seen.add(k)
        for login, client in staff.items():
            a = client.get(f"/desk/cases/{case.number}/")
            if a.status_code != 200:
                continue
            for f in forms_of(f"/desk/cases/{case.number}/", a):
                kk = (case.procedure, f.action.split("?")[0].split("/")[-2], tuple(sorted(f.fields)))
                found.setdefault(kk, (login, client, f))
    print("forms total", len(found), time.time() - t0)
    errs = collections.OrderedDict()
    n = 0
    codes = collections.Counter()
    for k, (role, client, f) in found.items():
        if "sign-out" in f.action:
            continue
        for word, bad in BAD.items():
            for make in (all_bad, texts_bad):
                if time.time() - t0 > budget:
                    print("out of time at", k)
                    break
                n += 1
                try:
                    a = send(client, f, make(f, bad))
                    codes[a.status_code] += 1
                    if a.status_code >= 500:
                        raise RuntimeError(a.status_code)
                except Exception as e:
                    tb = traceback.extract_tb(e.__traceback__)
                    mine = [x for x in tb if "zhengtong/" in x.filename]
                    where = f"{mine[-1].filename.split('zhengtong/')[-1]}:{mine[-1].lineno}" if mine else "?"
                    key = (type(e).__name__, where)
                    errs.setdefault(key, []).append((role, f.action, word, make.__name__, str(e)[:150]))
    print(n, "posts", codes, time.time() - t0)
    for k, v in errs.items():
        print("ERR", k, len(v), v[:3])
