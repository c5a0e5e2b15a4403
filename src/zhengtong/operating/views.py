"""Health and metrics: whether people can be served, for a balancer; why not, for those who keep the site."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from zhengtong.accounts import clock
from zhengtong.operating import doors, metrics
from zhengtong.operating.readings import Readings, read
from zhengtong.operating.wellness import Wellness, examine


@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """200 or 503 for everybody; the reasons for those who may know them, as a page or as JSON."""
    found = examine(clock.now())
    status = 200 if found.is_ready else 503
    if not (doors.is_near(request) or doors.knows_the_token(request) or doors.is_administrator(request)):
        return JsonResponse({"ready": found.is_ready}, status=status)
    if "text/html" in request.headers.get("Accept", ""):
        return render(request, "operating/health.html", {"found": found}, status=status)
    return JsonResponse(_as_json(found), status=status)


def _as_json(found: Wellness) -> dict[str, object]:
    checks = {}
    for check in found.checks:
        with override("zh-hans"):
            chinese = str(check.words)
        with override("en"):
            checks[check.name] = {"level": check.level.value, "words": chinese, "words_en": str(check.words),
                                  "value": check.value}  # fmt: skip
    return {"ready": found.is_ready, "at": found.at.isoformat(), "checks": checks}


@require_safe
@never_cache
def figures(request: HttpRequest) -> HttpResponse:
    """For Prometheus, on this machine or with the token; to others the page is not there."""
    if not (doors.is_near(request) or doors.knows_the_token(request)):
        raise Http404
    return HttpResponse(metrics.expose(_gauges(read(clock.now()))), content_type=metrics.CONTENT_TYPE)


def _gauges(found: Readings) -> dict[str, tuple[str, float]]:
    now, age = found.at, metrics.age
    return {
        "outbox_waiting": ("Messages not delivered yet", found.waiting),
        "outbox_parked": ("Messages given up, which need a person", found.parked),
        "outbox_oldest_seconds": (
            "Age of the message that has waited longest, 0 if none",
            age(found.oldest_waiting_at, now) if found.oldest_waiting_at else 0,
        ),
        "alarms_due": ("Cases whose time has come and that were not woken yet", found.due),
        "sweep_lag_seconds": (
            "How long the first of them has waited, 0 if none", age(found.longest_due_at, now) if found.due else 0
        ),
        "worker_age_seconds": ("Since the background process was last alive, -1 if never", age(found.worker_at, now)),
        "backup_age_seconds": ("Since the last backup, -1 if never", age(found.backup_at, now)),
        "root_age_seconds": ("Since the end of the last signed day, -1 if none", age(found.root_at, now)),
        "roots_missing": ("Days that are over and not signed", found.roots_missing),
        "sign_in_failures_15m": ("Failed sign-ins of the last quarter of an hour", found.failures),
        "disk_free_bytes": ("Free space where the installation lives", found.disk_free),
    }  # fmt: skip
