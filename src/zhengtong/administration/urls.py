"""The addresses of the room `administration`: /staff/… for the three duties and the hand-over, /audit/ for audits."""

from django.urls import URLPattern, path

from zhengtong.administration.views import auditing, deciding, handing_over, people

app_name = "administration"

urlpatterns: list[URLPattern] = [
    path("staff/proposals", deciding.proposals, name="proposals"),
    path("staff/proposals/<int:row>", deciding.decide, name="decide"),
    path("staff/duties", deciding.duties, name="duties"),
    path("staff/persons", people.persons, name="persons"),
    path("staff/persons/new", people.join, name="join"),
    path("staff/persons/<str:ref>", people.person, name="person"),
    path("staff/persons/<str:ref>/post", people.hold, name="hold"),
    path("staff/persons/<str:ref>/letter", people.letter, name="letter"),
    path("staff/persons/<str:ref>/end", people.end, name="end"),
    path("staff/persons/<str:ref>/account", people.account, name="account"),
    path("staff/persons/<str:ref>/leaving", people.leave, name="leave"),
    path("staff/persons/<str:ref>/leaving/undo", people.undo, name="undo"),
    path("staff/leavers", people.leavers, name="leavers"),
    path("staff/hand-over", handing_over.show, name="hand_over"),
    path("audit/", auditing.first, name="audit"),
    path("audit/<slug:book>/", auditing.book, name="book"),
    path("audit/<slug:book>/export", auditing.export, name="export"),
]
