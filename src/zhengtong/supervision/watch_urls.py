"""Addresses of the room's watch pages."""

from django.urls import URLPattern, path

from zhengtong.supervision.views import cards, differences, evidence, orders, scores, watch

watch_patterns: list[URLPattern] = [
    path("", watch.overview_page, name="watch"),
    path("cards/", cards.card_list, name="cards"),
    path("cards/export/", cards.export_cards, name="cards_export"),
    path("cards/<str:number>/", evidence.card, name="card"),
    path("signals/", cards.signal_list, name="signals"),
    path("signals/<str:key>/", evidence.signal, name="signal"),
    path("cases/", cards.case_list, name="cases"),
    path("orders/", orders.order_list, name="orders"),
    path("appeals/", orders.appeals, name="appeals"),
    path("differences/", differences.difference_list, name="differences"),
    path("scores/", scores.score_list, name="scores"),
    path("scores/<slug:dept>/<str:month>/", scores.score, name="score"),
]
