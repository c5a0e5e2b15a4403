"""Whatever goes wrong under /api/ is said as data: a page for people in place of JSON helps no machine."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

READING: Final = ("GET", "HEAD", "OPTIONS")
KEPT: Final = ("Allow", "Retry-After")
SAID: Final = {
    400: ("unreadable", "请求无法读取 / the request cannot be read"),
    404: ("not_found", "没有这个接口 / there is no such address"),
    405: ("method", "这里只能读取 / read only"),
    429: ("too_often", "请求太多，请过一分钟再试 / too many requests, try again in a minute"),
    503: ("away", "暂时不能回答，请过几分钟再试 / not available for the moment"),
}
BROKEN: Final = ("broken", "我们这边出错了，已经记录 / something went wrong on our side and was logged")


def as_data(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def answer(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/api/"):
            return get_response(request)
        only_reads = request.method in READING
        response = get_response(request) if only_reads else HttpResponseNotAllowed(READING)
        if response.status_code < 400 or response.get("Content-Type", "").startswith("application/json"):
            return response
        code, detail = SAID.get(response.status_code, BROKEN)
        problem = JsonResponse({"code": code, "detail": detail}, status=response.status_code)
        for name in KEPT:
            if name in response.headers:
                problem[name] = response.headers[name]
        return problem

    return answer
