"""The WSGI door that `zhengtong serve` opens."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "zhengtong.site.settings"

application = get_wsgi_application()
