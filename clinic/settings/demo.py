"""`./dev up`: an invented clinic on this machine. Nothing of it can be switched on from production settings."""

from copy import deepcopy

from clinic.settings.base import *  # noqa: F403
from clinic.settings.base import EMAIL_URL, SECRET_KEY, STORAGES, TEMPLATES, VAR_DIR, env

DEMO = True
DEMO_PASSWORD: str = env("DEMO_PASSWORD", default="legwork-demo-2026")
# Whom the sign-in page and ./dev up offer.
DEMO_PEOPLE = [
    "nurse@example.com",
    "desk@example.com",
    "clinician@example.com",
    "lead@example.com",
    "admin@example.com",
    "patient@example.com",
    "patient2@example.com",
    "patient3@example.com",
    "patient4@example.com",
    "carer@example.com",
]
# A copy: a test that imports these settings must not change the base's own list.
TEMPLATES = deepcopy(TEMPLATES)
TEMPLATES[0]["OPTIONS"]["context_processors"].append("clinic.demo.offer_people")
# A demo keeps invented people only; its key may be known.
SECRET_KEY = SECRET_KEY or "demo-only-key-for-invented-people-never-used-in-production-0123456789"
ALLOWED_HOSTS = ["*"]
DEBUG = env.bool("DEBUG", default=False)
# ./dev up lays the files out, each with its compressed twin; before its first start, and with DEBUG, they are served
# from where they are written.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"}}
WHITENOISE_USE_FINDERS = DEBUG or not (VAR_DIR / "static" / "css" / "base.css.gz").exists()
WHITENOISE_AUTOREFRESH = DEBUG

# Demo messages are files that the demo shows on a page; with EMAIL_URL they really leave.
NOTIFICATION_CHANNELS = ["email"] if EMAIL_URL else ["file"]
if not EMAIL_URL:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "login-codes"
(VAR_DIR / "static").mkdir(parents=True, exist_ok=True)
