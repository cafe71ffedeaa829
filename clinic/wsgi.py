"""WSGI entry point: `gunicorn clinic.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.production")
application = get_wsgi_application()

from clinic.startup import refuse_demo_data_outside_demo  # noqa: E402  (needs the loaded apps)

refuse_demo_data_outside_demo()
