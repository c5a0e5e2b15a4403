"""The addresses of the room `accounts`: citizens under /account/, staff under /staff/."""

from django.urls import URLPattern, path

from zhengtong.accounts.views import citizens, sign_in, staff, window

app_name = "accounts"

urlpatterns: list[URLPattern] = [
    path("account/sign-in", sign_in.sign_in, name="sign_in"),
    path("account/register", sign_in.register, name="register"),
    path("account/confirm", sign_in.confirm, name="confirm"),
    path("account/confirm/again", sign_in.send_again, name="send_again"),
    path("account/sign-out", sign_in.sign_out, name="sign_out"),
    path("account/profile", citizens.profile, name="profile"),
    path("account/profile/language", citizens.language, name="language"),
    path("account/profile/agent", citizens.add_agent, name="add_agent"),
    path("account/profile/revoke", citizens.revoke, name="revoke"),
    path("account/mailbox", citizens.mailbox, name="mailbox"),
    path("staff/sign-in", sign_in.staff_sign_in, name="staff_sign_in"),
    path("staff/sign-in/code", sign_in.second_factor, name="second_factor"),
    path("staff/sign-in/enrol", sign_in.enrol, name="enrol"),
    path("staff/people", staff.people, name="people"),
    path("staff/substitutes", staff.substitutes, name="substitutes"),
    path("staff/substitutes/absence", staff.absence, name="absence"),
    path("staff/substitutes/return", staff.end_absence, name="end_absence"),
    path("staff/substitutes/delegation", staff.delegation, name="delegation"),
    path("staff/substitutes/revoke", staff.revoke_delegation, name="revoke_delegation"),
    path("staff/real-name", window.real_name, name="real_name"),
    path("staff/real-name/walk-in", window.walk_in, name="walk_in"),
    path("staff/real-name/<str:ref>", window.subject, name="subject"),
    path("staff/real-name/<str:ref>/level", window.raise_level, name="raise_level"),
    path("staff/real-name/<str:ref>/agency", window.agency, name="agency"),
    path("staff/real-name/<str:ref>/power", window.power, name="power"),
    path("staff/real-name/<str:ref>/revoke", window.revoke, name="window_revoke"),
]
