"""A real clinic. Starts only with a real key, its host names and its own address; see docs/operations.md."""

from django.core.exceptions import ImproperlyConfigured

from clinic.settings.base import *  # noqa: F403
from clinic.settings.base import ALLOWED_HOSTS, BASE_URL, EMAIL_URL, NOTIFICATION_CHANNELS, SECRET_KEY, STORAGES, env

DEBUG = False
DEMO = False

if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("Set SECRET_KEY to at least 50 random characters.")
if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("Set ALLOWED_HOSTS to the names this clinic is served under.")
if not BASE_URL.startswith("https://"):
    raise ImproperlyConfigured("Set BASE_URL to the clinic's own https:// address; links in messages use it.")
if not EMAIL_URL:
    raise ImproperlyConfigured("Set EMAIL_URL to the mail server, for example smtp+tls://user:password@host:587.")
if NOTIFICATION_CHANNELS != ["email"]:
    raise ImproperlyConfigured("Set NOTIFICATION_CHANNELS to email, or leave it out; files are the demo's.")

STORAGES["staticfiles"] = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"
LANGUAGE_COOKIE_NAME = "__Host-language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
