"""Two doors that belong to no room: the choice of language and the question whether the site is well."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import set_language


@require_POST
def language(request: HttpRequest) -> HttpResponseBase:
    """Keeps the place: the form posts `language` and `next`; a `next` that leads elsewhere is not followed."""
    return set_language(request)


@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("select 1")
        cursor.fetchone()
    return JsonResponse({"well": True})
