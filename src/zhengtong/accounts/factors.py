"""Rows about signing in: security keys, further authenticators, recovery codes, former passwords, signed-in devices,
links to OpenID providers, notices about security. Each belongs to an account; what is ended keeps its row."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from zhengtong.accounts.sealed_fields import SealedTextField

CREDENTIAL_MOST = 1400  # 1023 bytes, the most WebAuthn allows, in base64url


class SecurityKey(models.Model):
    """安全密钥或通行密钥: the public half of a WebAuthn credential. A row whose counter went back is blocked."""

    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="security_keys")
    credential = models.CharField(max_length=CREDENTIAL_MOST, unique=True)
    public_key = models.TextField()
    sign_count = models.BigIntegerField(default=0)
    name = models.CharField(max_length=40)
    transports = models.JSONField(default=list)
    is_synced = models.BooleanField(default=False)
    added_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    blocked_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)


class Authenticator(models.Model):
    """动态口令应用: a second and third device beside the one on the account; counts once a code has proved it."""

    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="authenticators")
    secret = SealedTextField()
    name = models.CharField(max_length=40)
    last_step = models.BigIntegerField(default=0)
    added_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)


class RecoveryCode(models.Model):
    """恢复码: shown once, kept as a keyed digest, good once. A new set makes the older ones void."""

    account = models.ForeignKey("accounts.Account", models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "digest"], name="recovery_code_once_for_an_account"),
        ]


class FormerPassword(models.Model):
    """What must not be chosen again; hashed as the password in force is."""

    account = models.ForeignKey("accounts.Account", models.CASCADE, related_name="former_passwords")
    password = models.CharField(max_length=128)
    until_at = models.DateTimeField()


class SignedIn(models.Model):
    """已登录的设备: one session, from sign-in to its end. Ending it removes the session itself from the store."""

    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="signed_in")
    session_key = models.CharField(max_length=40, unique=True, null=True)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    method = models.CharField(max_length=12)
    browser = models.CharField(max_length=40, blank=True, default="")
    address = models.GenericIPAddressField(null=True, blank=True)


class OpenIdLink(models.Model):
    """An identity at another provider (issuer and subject, both stable) that opens this account."""

    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="openid_links")
    issuer = models.CharField(max_length=200)
    subject = models.CharField(max_length=255)
    linked_at = models.DateTimeField()
    linked_by = models.CharField(max_length=60)
    last_used_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["issuer", "subject"],
                condition=Q(removed_at__isnull=True),
                name="one_account_per_openid_subject",
            ),
        ]


class SecurityNotice(models.Model):
    """安全提醒: a code of labels.SECURITY_WORDS, told at the next sign-in and on the page of the own security."""

    account = models.ForeignKey("accounts.Account", models.CASCADE, related_name="security_notices")
    at = models.DateTimeField()
    code = models.CharField(max_length=20)
    told_at = models.DateTimeField(null=True, blank=True)
