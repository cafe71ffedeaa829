"""`./dev test`. Same database rules, middleware and limits as production; only the hasher is made cheap."""

import os

from clinic.settings.base import *  # noqa: F403
from clinic.settings.base import DATABASES, STORAGES, VAR_DIR

SECRET_KEY = "test-only-key-test-only-key-test-only-key-test-only-key"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
WHITENOISE_USE_FINDERS = True
NOTIFICATION_CHANNELS = ["email", "file"]
# Tests of files name a folder of their own.
STORAGES["photographs"] = {"BACKEND": "django.core.files.storage.InMemoryStorage"}

(VAR_DIR / "static").mkdir(parents=True, exist_ok=True)
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: live servers and many-process tests open the same database from elsewhere.
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / f"test-{os.environ.get('LEGWORK_TEST_RUN', os.getpid())}.sqlite3"}
    DATABASES["default"]["OPTIONS"]["init_command"] = DATABASES["default"]["OPTIONS"]["init_command"].replace(
        "synchronous=FULL", "synchronous=OFF"
    )
