"""What every place has in common. Everything that differs per installation comes from the environment."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()
if (BASE_DIR / ".env").exists():
    env.read_env(str(BASE_DIR / ".env"))

DEBUG = False
DEMO = False
SECRET_KEY: str = env("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Links in messages are built from this address, never from the Host header of a request.
BASE_URL: str = env("BASE_URL", default="http://localhost:8000").rstrip("/")

INSTALLED_APPS = [
    "aftercare",
    "sessions_app",
    "clinic.apps.ClinicConfig",
    "clinic.admin_site.SetUpConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "phonenumber_field",
    "csp",
]

MIDDLEWARE = [
    # Outermost what every answer carries: also static files, redirects, and errors of the middleware below.
    "clinic.middleware.PrivateByDefault",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "clinic.middleware.SmallBodies",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "clinic.middleware.CompressedPages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "clinic.middleware.SessionLimits",
    "clinic.reader.MarkReader",
    "clinic.language.PageLanguage",
    "clinic.gate.ClosedUnlessOpened",
    "clinic.action_addresses.LeadToThePage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "clinic.middleware.ClinicTime",
    "clinic.middleware.NoNul",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinic.presenters.page_context",
            ],
        },
    }
]

# --- Database: SQLite with nothing installed, PostgreSQL by DATABASE_URL; the same code on both ---------------
DATABASE_URL: str = env("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'legwork.sqlite3'}")
DATABASES: dict[str, dict[str, Any]] = {"default": env.db_url_config(DATABASE_URL)}
if not DATABASES["default"].get("ENGINE", "").endswith(("sqlite3", "postgresql")):
    raise ImproperlyConfigured("Set DATABASE_URL to postgres://user:password@host:5432/name, or to sqlite:///file.")
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE: two writers queue for the lock instead of failing at the first write of a read transaction.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=20000;"
        ),
    }
    DATABASES["default"]["CONN_MAX_AGE"] = 600
    assert sqlite3.sqlite_version_info >= (3, 35), "Legwork needs SQLite 3.35 or newer (UPDATE … RETURNING)."
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 600
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A database that takes no new connection is away after seconds, one whose machine is gone without a word within
    # half a minute and not the two hours of the system's own; what DATABASE_URL names (?connect_timeout=2) comes first.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        "keepalives_idle": 15,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        **DATABASES["default"].get("OPTIONS", {}),
    }
# With IMMEDIATE transactions on SQLite this would make every page a writer.
DATABASES["default"]["ATOMIC_REQUESTS"] = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Throttles and login codes must be seen by every process: a table, not per-process memory.
# Room for so many keys that nobody can push the counters of others out by trying many names.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "clinic_cache",
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    }
}

# --- People --------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "clinic.User"
AUTHENTICATION_BACKENDS = ["clinic.accounts.StaffByPassword"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_RULES = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"{_RULES}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "clinic.password_rules.MaximumLength", "OPTIONS": {"max_length": 1024}},
    {"NAME": f"{_RULES}.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ("name", "email")}},
    {"NAME": f"{_RULES}.CommonPasswordValidator"},
    {"NAME": f"{_RULES}.NumericPasswordValidator"},
    {"NAME": "clinic.password_rules.NotWhatEverybodyGuesses"},
]
# Links to choose a password, the first administrator's included, end after a day.
PASSWORD_RESET_TIMEOUT = 24 * 3600
# Django's own also ends with a changed e-mail; allauth's would fill a second table of addresses for that.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "clinic.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PREVENT_ENUMERATION = True
# Written, so that it takes the time that a known address takes, but never sent (AccountAdapter.send_mail).
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Tries per address (ip) and per account (key). Right passwords and codes are given back, except in "login", which
# only keeps the hasher from being kept busy. `clinic.throttle` counts.
ACCOUNT_RATE_LIMITS = {
    "login": "120/15m/ip",
    "login_failed": "30/15m/ip,10/15m/key",
    "request_login_code": "20/15m/ip,3/15m/key",
    "login_code_tried": "30/15m/ip,5/10m/key",
    "reset_password": "20/15m/ip,3/15m/key",
    # The public page: a family or a waiting room behind one address, and one phone number or e-mail.
    "visit_request": "20/1h/ip",
    "visit_request_contact": "3/1d/key",
    # A calendar asks a few times an hour; who guesses addresses is counted by where the guesses come from.
    "calendar_feed": "60/15m/key",
    "calendar_feed_missed": "30/15m/ip",
    # Messages that somebody may look with a patient: a family, and a few mistyped addresses.
    "carer_invited": "10/1d/key",
}
ACCOUNT_FORMS = {
    "request_login_code": "clinic.accounts.PatientCodeForm",
    "reset_password": "clinic.accounts.StaffResetForm",
    "reset_password_from_key": "clinic.accounts.NewPasswordForm",
    "user_token": "clinic.accounts.StaffTokenForm",
    "change_password": "clinic.accounts.OwnPasswordForm",
}

# As Django's own in the database, but under hashes of the keys.
SESSION_ENGINE = "clinic.hashed_sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# Idle and absolute ends, in seconds; SessionLimits applies them on every route.
SESSION_LIMITS = {"staff": (15 * 60, 12 * 3600), "patient": (30 * 60, 12 * 3600)}
# Scripts take the token from the page.
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "clinic.views.errors.old_form"
CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
# Not in a cookie: what a page says after a step may name a patient.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- Browser defences ----------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 512 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1500
FILE_UPLOAD_HANDLERS = ["clinic.uploads.FilesWhereTaken"]
# Files are taken by the photograph form alone: bytes of one file, and of everything that one request brings.
UPLOAD_MAX_BYTES: int = env.int("PHOTOGRAPH_MAX_BYTES", default=20 * 1024 * 1024)
UPLOAD_MAX_BODY = 2 * UPLOAD_MAX_BYTES + DATA_UPLOAD_MAX_MEMORY_SIZE
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# --- Language, time ------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
# Instants are stored in UTC; pages show the clinic's zone (ClinicTime middleware), plans name their own.
USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = ["clinic.formats"]

# --- Files ---------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    # Any storage of Django's can stand here, an object store too; nothing asks it for an address.
    "photographs": {
        "BACKEND": "clinic.private_files.PrivateFiles",
        "OPTIONS": {"location": env("PHOTOGRAPHS_DIR", default=str(VAR_DIR / "photographs"))},
    },
}
MEDIA_ROOT = VAR_DIR / "media"
# Pixels are counted before a picture is unpacked; what is kept has at most this longer edge, in pixels.
PHOTOGRAPH_MAX_PIXELS: int = env.int("PHOTOGRAPH_MAX_PIXELS", default=50_000_000)
PHOTOGRAPH_MAX_EDGE: int = env.int("PHOTOGRAPH_MAX_EDGE", default=2400)
PHOTOGRAPH_THUMBNAIL_EDGE: int = env.int("PHOTOGRAPH_THUMBNAIL_EDGE", default=480)

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

PHONENUMBER_DEFAULT_REGION = env("PHONE_REGION", default="US")
PHONENUMBER_DB_FORMAT = "E164"

# --- Messages ------------------------------------------------------------------------------------------------
EMAIL_URL: str = env("EMAIL_URL", default="")
if EMAIL_URL:
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
EMAIL_TIMEOUT = 15
# A mail server takes its time; whether it was asked at all must not show in the time of an answer.
ACCOUNT_MAIL_IN_BACKGROUND = bool(EMAIL_URL)
DEFAULT_FROM_EMAIL: str = env("DEFAULT_FROM_EMAIL", default="clinic@localhost")
# Which channels may carry a delivery here; a delivery of any other channel is never claimed.
NOTIFICATION_CHANNELS: list[str] = env.list("NOTIFICATION_CHANNELS", default=["email"])
OUTBOX_DIR = VAR_DIR / "outbox"
# Whether patients who were called in vain about a report are asked by message to call (aftercare/missed_calls.py).
TELL_CALLS_IN_VAIN: bool = env.bool("TELL_CALLS_IN_VAIN", default=True)

# --- Jobs: Redis and Celery are a doorbell; without REDIS_URL `run_reminders --loop` rings --------------------
REDIS_URL: str = env("REDIS_URL", default="")
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_BROKER_TRANSPORT = "clinic.broker:Transport" if REDIS_URL else ""
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# For ever: Celery's own hundred tries end a worker for good after three quarters of an hour without Redis.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600, "socket_timeout": 10, "socket_connect_timeout": 5}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
# What beat rings every minute, and what `run_reminders` calls itself. A tick that nobody took within 55 s is thrown
# away, so that a worker does not come back to a queue of old ones; the due rows wait in the database meanwhile.
REMINDER_TASKS = [
    "clinic.tasks.sweep",
    "aftercare.tasks.send_compression_reminders",
    "aftercare.tasks.send_activity_reminders",
    "sessions_app.tasks.send_appointment_reminders",
    "aftercare.tasks.watch_reports",
]
# To beat each was last rung long ago, so that it rings as soon as it starts: after a pause nobody waits a minute more.
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
CELERY_BEAT_SCHEDULE = {
    name: {"task": name, "schedule": 60.0, "last_run_at": _LONG_AGO, "options": {"expires": 55}}
    for name in REMINDER_TASKS
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "clinic.logs.OneRecord", "fmt": "{asctime} {levelname} {name} {message}", "style": "{"}
    },
    "filters": {"refusals": {"()": "clinic.logs.NoTracebackOfRefusals"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["refusals"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False}},
}
