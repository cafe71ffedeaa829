"""WSGI entry point: `gunicorn clinic.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.production")
application = get_wsgi_application()

from django.db import connection  # noqa: E402  (needs the settings)

from clinic.startup import refuse_the_wrong_clinic  # noqa: E402  (needs the loaded apps)

refuse_the_wrong_clinic()
connection.close()  # the threads that answer make their own; this one would be kept for as long as the process
