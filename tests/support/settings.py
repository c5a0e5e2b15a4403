"""The settings under which tests run: those of the site, read from a clean environment, in a home of their own.
Only what would make tests slow is changed: the password hasher and the names of static files."""

import atexit
import os
import shutil
import tempfile

for _name in list(os.environ):
    if _name.startswith("ZHENGTONG_") or _name in {"DATABASE_URL", "DATABASE_URL_FILE"}:
        del os.environ[_name]
_home = tempfile.mkdtemp(prefix="zhengtong-tests-")
atexit.register(shutil.rmtree, _home, ignore_errors=True)
os.environ["ZHENGTONG_HOME"] = _home
os.environ["ZHENGTONG_RATE_ANONYMOUS"] = os.environ["ZHENGTONG_RATE_ACCOUNT"] = "0"  # test_rates.py sets them
os.environ["ZHENGTONG_HOSTS"] = "localhost,127.0.0.1,testserver"

from zhengtong.site.settings import *  # noqa: E402, F403 - the environment above comes first

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATICFILES_DIRS = [CHECKOUT / "static_vendor"] if (CHECKOUT / "static_vendor").is_dir() else []  # noqa: F405
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
