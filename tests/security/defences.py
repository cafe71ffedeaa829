"""What every answer must carry, written down apart from the settings that make it so."""

POLICY = {
    "default-src": {"'self'"},
    "script-src": {"'self'"},
    "style-src": {"'self'"},
    "img-src": {"'self'", "data:"},
    "font-src": {"'self'"},
    "connect-src": {"'self'"},
    "object-src": {"'none'"},
    "base-uri": {"'none'"},
    "form-action": {"'self'"},
    "frame-ancestors": {"'none'"},
}
# A file that somebody sent once may do nothing at all.
DRAWN_ONLY = {"default-src": {"'none'"}, "frame-ancestors": {"'none'"}, "sandbox": set()}
TELLS_TOO_MUCH = {"Server", "X-Powered-By", "X-Debug", "X-View"}


def policy_of(response):
    parts = [part.split() for part in response.headers.get("Content-Security-Policy", "").split(";") if part.strip()]
    return {name: {source for source in sources if not source.startswith("'nonce-")} for name, *sources in parts}


def faults(response, *, may_be_kept=False):
    """What is missing from the headers of one answer."""
    headers, found = response.headers, []
    wanted = DRAWN_ONLY if headers.get("Content-Type") == "image/jpeg" else POLICY
    if policy_of(response) != wanted:
        found.append(f"policy {policy_of(response)}")
    if headers.get("X-Content-Type-Options") != "nosniff":
        found.append("sniffing")
    if headers.get("X-Frame-Options") != "DENY":
        found.append("frames")
    if headers.get("Referrer-Policy") not in ("same-origin", "strict-origin", "no-referrer", "origin"):
        found.append(f"referrer {headers.get('Referrer-Policy')}")
    if headers.get("Cross-Origin-Opener-Policy") != "same-origin":
        found.append("opener")
    kept = headers.get("Cache-Control", "")
    if not may_be_kept and not ("no-store" in kept and "private" in kept):
        found.append(f"kept: {kept}")
    found += sorted(TELLS_TOO_MUCH & set(headers))
    return found
