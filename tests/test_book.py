"""The book that `make book` has built: every link leads somewhere, and nothing comes from the network.

Left out where the book has not been built.
"""

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
