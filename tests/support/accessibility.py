"""What axe finds on a page as its reader has it: loaded whole, its colours at rest."""

from axe_playwright_python.sync_playwright import Axe

STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
GRAVE = ("serious", "critical")
# Axe lists what it found wrong, not the hundreds of elements that pass, and does not read the stylesheets again, which
# the content security policy takes for an attack.
BRIEFLY = {"resultTypes": ["violations"], "preload": False}
# Colours that are still changing into others would be judged half way.
ASK = """([where, options]) => {
  for (const change of document.getAnimations()) if (change instanceof CSSTransition) change.finish();
  return axe.run(where ?? document, options);
}"""


def violations(page, *, where=None, **options):
    """Axe's violations of the page, or of the part `where`; `options` as axe.run takes them."""
    # A click comes back as soon as the next page has begun: without its last stylesheet, links have other colours.
    page.wait_for_load_state()
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(Axe().axe_script)
    return page.evaluate(ASK, [where, {**BRIEFLY, **options}])["violations"]


def places(violation):
    return [node["target"] for node in violation["nodes"]]


def serious_problems(page, **options):
    """What axe calls serious or critical, one line each: rule, help and the elements."""
    return [
        f"{page.url} {each['id']}: {each['help']}: {places(each)}"
        for each in violations(page, **options)
        if each["impact"] in GRAVE
    ]
