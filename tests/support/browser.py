"""Pages in Debian's chromium, in the sizes and colour schemes that people use, watched for what a person would not see.

A page that logs an error, breaks the content security policy, misses a file or asks another host fails its test.
"""

import os
import shutil
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import sync_playwright

SIZES = {
    "phone": {"width": 390, "height": 844},
    "tablet": {"width": 1024, "height": 768},
    "desk": {"width": 1440, "height": 900},
}
# The last --disable-features counts: what Playwright turns off, and the lists below the address bar, of which a window
# that nobody sees has two, each with pages and a process of its own. They took more of the machine than most pages.
FEATURES_OFF = [
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
]
CHROMIUM_ARGUMENTS = [
    f"--disable-features={','.join(FEATURES_OFF)}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Answered by the server with 200, by `intercept` with 204.
HEARD = "/static/img/favicon.svg?intercepted"
REFUSED_BY_PURPOSE = (
    "Failed to load resource: the server responded with a status of 4",
    # What a page asks in the background after its reader's session ended.
    "Response Status Error Code 401 from /day/changes/",
    "Response Status Error Code 401 from /day/calls/",
    "Response Status Error Code 401 from /alerts/",
    "Response Status Error Code 401 from /queue/list/",
    # A page that is left while it asks for news; a request that failed says htmx:sendError.
    "htmx:afterRequest",
    "htmx:sendAbort",
)


@pytest.fixture(scope="session")
def browser():
    """One chromium for the whole run; each test opens contexts of its own in it."""
    # Playwright's sync API runs an event loop in this thread, which Django takes for an async view.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), headless=True, args=CHROMIUM_ARGUMENTS
            )
            yield chromium
            chromium.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def sign_in(context, user, live_server):
    """The person's session as a cookie; signing in itself is tested elsewhere."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])


def watch(page, origin, problems):
    """Write down what goes wrong behind the page; a refused document (403, 404) is the test's own business."""

    def on_console(message):
        if message.type == "error" and not message.text.startswith(REFUSED_BY_PURPOSE):
            problems.append(f"{page.url}: {message.text}")

    def on_request(request):
        address = urlsplit(request.url)
        if address.scheme in ("http", "https") and f"{address.scheme}://{address.netloc}" != origin:
            problems.append(f"{page.url} asked another host: {request.url}")

    def on_response(response):
        if response.status >= 400 and response.request.resource_type not in ("document", "xhr", "fetch"):
            problems.append(f"{page.url} misses {response.url}: {response.status}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
    page.on("request", on_request)
    page.on("response", on_response)


def intercept(page, address, answer):
    """``page.route`` of a page that is open already; comes back when no request of the page gets past it any more.

    The page hears of its first route a moment later than we do: what it asks for meanwhile goes to the server as if
    there were none, and Playwright tells nobody of that request.
    """
    page.route(lambda url: url.endswith(HEARD), lambda route: route.fulfill(status=204))
    page.route(address, answer)
    while page.evaluate("address => fetch(address, { cache: 'no-store' }).then(answer => answer.status)", HEARD) != 204:
        pass


@pytest.fixture
def page_problems():
    """What went wrong behind the pages of this test; a test that provokes something takes it out again."""
    return []


@pytest.fixture
def new_context(browser, live_server, page_problems):
    """Open a browser of its own for one person: ``new_context(size="phone", scheme="dark", locale="es")``."""
    contexts = []

    def open_context(*, size="desk", scheme="light", **options):
        context = browser.new_context(
            base_url=live_server.url,
            viewport=SIZES[size],
            color_scheme=scheme,
            has_touch=size != "desk",
            reduced_motion="reduce",
            **{"locale": "en-GB", "service_workers": "block", **options},
        )
        # Two browsers share the machine; what works comes in far less.
        context.set_default_timeout(20_000)
        context.on("page", lambda page: watch(page, live_server.url, page_problems))
        contexts.append(context)
        return context

    yield open_context
    for context in contexts:
        context.close()
    assert page_problems == []


@pytest.fixture
def new_page(new_context):
    """``new_page(size="phone")``: a page of a new person, who shares no cookie with the others."""

    def open_page(**options):
        return new_context(**options).new_page()

    return open_page


@pytest.fixture
def size():
    """Screen of `context` and `page`; `@pytest.mark.parametrize("size", ["phone", "desk"])` takes several."""
    return "desk"


@pytest.fixture
def scheme():
    """Colour scheme of `context` and `page`, parametrized like `size`."""
    return "light"


@pytest.fixture
def context(new_context, size, scheme):
    return new_context(size=size, scheme=scheme)


@pytest.fixture
def page(context):
    return context.new_page()
