"""The book that `make book` has built: every link leads somewhere, nothing comes from the network, and pages fit.

Left out where the book has not been built; the test of widths also where there is no Chromium.
"""

import html
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

BOOK = Path(__file__).parents[1] / "build" / "book"
PAGES = sorted(BOOK.rglob("*.html"))
pytestmark = pytest.mark.skipif(not PAGES, reason="make book has not been called")


class Page(HTMLParser):
    """The links of a page, what it loads, and the names that links can lead to."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loaded, self.names = [], [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.names |= {found[key] for key in ("id", "name") if found.get(key)}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "link" and found.get("rel") not in ("canonical", "search", "index", "next", "prev"):
            self.loaded.append(found["href"])
        elif found.get("src"):
            self.loaded.append(found["src"])


@pytest.fixture(scope="module")
def pages():
    return {path: Page(path) for path in PAGES}


def test_every_link_leads_somewhere(pages):
    dead = []
    for path, page in pages.items():
        for link in {*page.links, *page.loaded}:
            parts = urlsplit(link)
            if parts.scheme in ("http", "https", "data", "mailto"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            found = pages.get(target)
            names = found.names if found else ()
            if not target.is_file() or (found and parts.fragment and unquote(parts.fragment) not in names):
                dead.append((path.relative_to(BOOK).as_posix(), link))
    assert not dead


def test_nothing_is_loaded_from_the_network(pages):
    loaded = {link for page in pages.values() for link in page.loaded}
    assert loaded
    assert not [link for link in loaded if urlsplit(link).scheme in ("http", "https") or link.startswith("//")]


def test_equations_are_set_without_the_network(pages):
    chapters = [page for path, page in pages.items() if path.parent == BOOK and path.name[:2].isdigit()]
    assert chapters
    assert all(any("mathjax/tex" in link for link in page.loaded) for page in chapters)
    assert (BOOK / "_static" / "mathjax" / "tex-chtml.js").is_file()


def test_names_of_the_package_lead_to_their_docstrings():
    """In the table of functions, and in the docstrings themselves; only private names and constants have none."""
    table = (BOOK / "functions.html").read_text(encoding="utf-8")
    names = re.findall(r'(<a [^>]*href="api/[^"]*"[^>]*>)?<code[^>]*><span class="pre">(minigan\.[^<]*)', table)
    assert len(names) > 50
    assert not [name for link, name in names if not link and not re.search(r"\._|\.[A-Z]+$|minigan\.commands\.", name)]
    page = (BOOK / "api" / "minigan.objectives.gan.html").read_text(encoding="utf-8")
    assert re.search(r'Bases: <a [^>]*title="minigan.objectives.gan.NonSaturating"', page)


def test_docstrings_are_set():
    """A section is a list with a heading, a formula is code, and no mark of either is left."""
    for path in (BOOK / "api").glob("*.html"):
        page = re.sub(r"<pre>.*?</pre>|<[^>]*>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for mark in (":raises", ":param", "-----", "&gt;&gt;&gt;", "Alias for field number"):
            assert mark not in page, path.name
    page = (BOOK / "api" / "minigan.layers.conv2d.html").read_text(encoding="utf-8")
    assert "<strong>filters</strong> (int &gt;= 1) – Number of output channels F." in page
    formulas = re.sub(r"<[^>]*>", "", "".join(re.findall(r"<pre>.*?</pre>", page, re.DOTALL)))
    assert "Forward   y[oh, ow] = sum" in formulas
    page = re.sub(r"<[^>]*>", "", (BOOK / "api" / "minigan.runs.run.html").read_text(encoding="utf-8"))
    assert "InputError – the name has another ending, the file cannot be written" in html.unescape(page)


MEASURE = """<script>
const found = {}, frame = document.createElement("iframe"), pages = PAGES;
frame.style = "width: WIDTHpx; height: 800px; border: 0";
document.documentElement.append(frame);
(async () => {
  for (const page of pages) {
    await new Promise((done) => { frame.onload = done; frame.src = page; });
    const root = frame.contentDocument.documentElement;
    found[page] = root.scrollWidth - root.clientWidth;
  }
  document.title = JSON.stringify(found);
})();
</script>"""


@pytest.mark.parametrize("width", [390, 1200, 1440])
def test_pages_are_not_wider_than_the_window(width, tmp_path):
    """In Chromium, without MathJax: long equations scroll by themselves."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not browser:
        pytest.skip("there is no Chromium")
    names = ("index", "05_minimax", "functions", "genindex", "solutions/05_minimax", "api/minigan.layers.conv2d")
    pages = [(BOOK / f"{name}.html").as_uri() for name in names]
    page = tmp_path / "measure.html"
    page.write_text(MEASURE.replace("WIDTH", str(width)).replace("PAGES", json.dumps(pages)), encoding="utf-8")
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", "--dump-dom")
    command = [browser, *options, f"--user-data-dir={tmp_path}", "--virtual-time-budget=60000", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300)
    if done.returncode:
        pytest.skip(f"Chromium does not run here: {done.stderr[-200:]}")
    found = re.search(r"<title>(.*?)</title>", done.stdout)
    assert found, done.stderr
    assert json.loads(html.unescape(found[1])) == dict.fromkeys(pages, 0)
