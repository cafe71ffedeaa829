"""Production settings as a benchmark runs them: same middleware, limits and database rules, over plain HTTP."""

import os
from copy import deepcopy

os.environ.setdefault("SECRET_KEY", "benchmarks-only-benchmarks-only-benchmarks-only-0123456789")
os.environ.setdefault("ALLOWED_HOSTS", "127.0.0.1,localhost,testserver")
os.environ.setdefault("BASE_URL", "https://bench.example")
os.environ.setdefault("EMAIL_URL", "smtp://127.0.0.1:9")

from clinic.settings.production import *  # noqa: F403
from clinic.settings.production import BASE_DIR, LOGGING, STORAGES, TEMPLATES

ROOT_URLCONF = "bench.urls"
TEMPLATES = deepcopy(TEMPLATES)
TEMPLATES[0]["DIRS"] = [*TEMPLATES[0]["DIRS"], BASE_DIR / "bench" / "templates"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
SECURE_SSL_REDIRECT = False
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "session", "csrf"
# A long run must not be signed out in its middle.
SESSION_LIMITS = {"staff": (24 * 3600, 24 * 3600), "patient": (24 * 3600, 24 * 3600)}
LOGGING["root"]["level"] = "WARNING"
# A refused form is no news where fifty people want one time.
LOGGING["loggers"]["django.request"] = {"level": "ERROR"}
