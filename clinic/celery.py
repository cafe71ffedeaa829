"""The Celery app. Beat only rings; what is due, and who sends it, is decided by rows in the database.

Its settings are the CELERY_… names in clinic/settings/base.py; tasks take ids or nothing, JSON only.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.production")

app = Celery("legwork")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["clinic", "sessions_app", "aftercare"])
