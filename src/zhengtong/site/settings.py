"""Settings: one file, every difference between installations an environment variable listed in `.env.example`.
No figure of law stands here: limits, holidays and fees live in `law/` with their sources."""

import os
from pathlib import Path
from typing import Any

from django.core.management.utils import get_random_secret_key
from django.utils.translation import gettext_lazy as _

from zhengtong.law.rulebook_files import kept
from zhengtong.operating.logs import settings_for
from zhengtong.site.databases import database, sqlite_url
from zhengtong.site.environment import choice, flag, number, secret, text
from zhengtong.site.sign_in_settings import read_rules

CHECKOUT = Path(__file__).resolve().parents[3]

# Where an installation keeps what is its own.
ZHENGTONG_HOME = Path(text("ZHENGTONG_HOME", "./var")).resolve()
ZHENGTONG_KEYS = Path(text("ZHENGTONG_KEYS", str(ZHENGTONG_HOME / "keys"))).resolve()
ZHENGTONG_ROOTS = Path(text("ZHENGTONG_ROOTS", str(ZHENGTONG_HOME / "roots"))).resolve()
ZHENGTONG_HASH = text("ZHENGTONG_HASH", "sm3")  # or sha256; never changed after the first event
ZHENGTONG_BIND = text("ZHENGTONG_BIND", "127.0.0.1:8000")
ZHENGTONG_BASE_URL = text("ZHENGTONG_BASE_URL", "http://localhost:8000").rstrip("/")
ZHENGTONG_SITE_NAME = text("ZHENGTONG_SITE_NAME", "")
ZHENGTONG_CLOCK = text("ZHENGTONG_CLOCK", "")
ZHENGTONG_SCANNER = text("ZHENGTONG_SCANNER", "")
ZHENGTONG_PROXIES = text("ZHENGTONG_PROXIES", "")
ZHENGTONG_RATE_ANONYMOUS = number("ZHENGTONG_RATE_ANONYMOUS", 600, least=0, most=1_000_000)  # a minute and address
ZHENGTONG_RATE_ACCOUNT = number("ZHENGTONG_RATE_ACCOUNT", 1_200, least=0, most=1_000_000)  # 0: without limit
ZHENGTONG_METRICS_TOKEN = secret("ZHENGTONG_METRICS_TOKEN", lambda: "")
ZHENGTONG_AUDIT_DAYS = number("ZHENGTONG_AUDIT_DAYS", 1_095, least=kept("audit_trail").n, most=36_500)
ZHENGTONG_FONTS = CHECKOUT / "build" / "fonts"


def _kept_secret_key() -> str:
    """Drawn once, kept beside the data, readable by its owner only."""
    path = ZHENGTONG_HOME / "secret-key"
    if not path.exists():
        ZHENGTONG_HOME.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"secret-key.{os.getpid()}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(get_random_secret_key())
        try:
            os.link(draft, path)  # the first process wins; the others read its key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="utf-8").strip()


SECRET_KEY = secret("ZHENGTONG_SECRET_KEY", _kept_secret_key)
DEBUG = flag("ZHENGTONG_DEBUG", default=False)
ALLOWED_HOSTS = [host.strip() for host in text("ZHENGTONG_HOSTS", "localhost,127.0.0.1,[::1]").split(",")]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "zhengtong.ui",
    "zhengtong.trail",
    "zhengtong.accounts",
    "zhengtong.law",
    "zhengtong.ledger",
    "zhengtong.analysis",
    "zhengtong.catalogue",
    "zhengtong.windows",
    "zhengtong.documents",
    "zhengtong.cases",
    "zhengtong.supervision",
    "zhengtong.portal",
    "zhengtong.federation",
    "zhengtong.administration",
    "zhengtong.operating",
    "zhengtong.site",
]

MIDDLEWARE = [
    "zhengtong.site.proxies.believed",
    "zhengtong.operating.logs.told",
    "django.middleware.security.SecurityMiddleware",
    "zhengtong.site.headers.guard",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "zhengtong.federation.problems.as_data",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "zhengtong.site.language.chosen_language",
    "zhengtong.site.flood.limited",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "zhengtong.site.refusing.RefusalPages",
]

ROOT_URLCONF = "zhengtong.site.urls"
WSGI_APPLICATION = "zhengtong.site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "zhengtong.site.words.site_name",
                "zhengtong.site.words.public_frame",
                "zhengtong.accounts.frames.idle_watch",
            ],
        },
    },
]

DATABASES: dict[str, dict[str, Any]] = {
    "default": database(secret("DATABASE_URL", lambda: sqlite_url(ZHENGTONG_HOME / "zhengtong.sqlite3"))),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.Account"
LOGIN_REDIRECT_URL = "/"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("英文"))]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATIC_ROOT = ZHENGTONG_HOME / "static"
STATICFILES_DIRS = [CHECKOUT / "static_vendor"] if (CHECKOUT / "static_vendor").is_dir() else []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
        ),
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = ZHENGTONG_HOME / "files"  # encrypted; served only by a view that asks who may see

_IS_HTTPS = ZHENGTONG_BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _IS_HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
if _IS_HTTPS:  # browsers take these names from this very host over https only
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME, LANGUAGE_COOKIE_NAME = "__Host-session", "__Host-csrf", "__Host-language"
ZHENGTONG_SIGN_IN = read_rules()
SESSION_COOKIE_AGE = int(ZHENGTONG_SIGN_IN.session_age.total_seconds())
CSRF_TRUSTED_ORIGINS = [ZHENGTONG_BASE_URL] if _IS_HTTPS else []
CSRF_FAILURE_VIEW = "zhengtong.site.errors.forged"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _IS_HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if _IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _IS_HTTPS
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

LOGGING = settings_for(choice("ZHENGTONG_LOG", "text", ("text", "json")))  # never a person's data: operating.logs
