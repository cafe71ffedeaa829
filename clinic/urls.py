"""Every address of the product. This module and the settings are the only ones that know all three apps."""

from allauth.account import views as allauth_views
from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from clinic.views import account, errors, health, home

# The parts of django-allauth that are in use; its other pages do not exist here.
ACCOUNTS = [
    path("sign-in/", account.LoginView.as_view(), name="account_login"),
    path("sign-out/", allauth_views.logout, name="account_logout"),
    path("sign-up/", allauth_views.signup, name="account_signup"),
    path("inactive/", allauth_views.account_inactive, name="account_inactive"),
    path("code/", account.RequestCodeView.as_view(), name="account_request_login_code"),
    path("code/confirm/", account.ConfirmCodeView.as_view(), name="account_confirm_login_code"),
    path("reauthenticate/", account.ReauthenticateView.as_view(), name="account_reauthenticate"),
    path("password/change/", account.PasswordChangeView.as_view(), name="account_change_password"),
    path("password/reset/", account.PasswordResetView.as_view(), name="account_reset_password"),
    path("password/reset/sent/", allauth_views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.NewPasswordView.as_view(),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        allauth_views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("accounts/", include(ACCOUNTS)),
    path("admin/", admin.site.urls),
    path("", include("clinic.routes")),
    path("", include("sessions_app.routes")),
    path("", include("aftercare.routes")),
]

handler429 = account.too_many
handler500 = errors.server_error

if settings.DEMO:
    urlpatterns.append(path("demo/", include("clinic.demo_routes")))
