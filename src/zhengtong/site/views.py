"""Two doors that belong to no room: the choice of language and the question whether the site is well."""

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
    """This process answers; asks nothing else, or a database that is away would get every process restarted.
    Whether people can be served says /health/ready."""
    return JsonResponse({"well": True})
