"""Does every link and picture of a built site point at something that is there?

    python tools/linkcheck.py _docs

Looks at links inside the site only (pages, pictures, videos, anchors); the rest of the web is not
asked."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The anchors that a page has and the places that it points to

    >>> page = Page('<a id="x" href="y.html#z"><img src="p.png">')
    >>> sorted(page.anchors), sorted(page.targets)
    (['', 'top', 'x'], ['p.png', 'y.html#z'])
    """

    def __init__(self, text: str):
        super().__init__()
        self.anchors, self.targets = {'', 'top'}, set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = {name: value for name, value in attributes if value}
        self.anchors |= {values[name] for name in ('id', 'name') if name in values}
        self.targets |= {values[name] for name in ('href', 'src', 'poster') if name in values}


def is_there(target: str, path: Path, root: Path, pages: dict[Path, Page]) -> bool:
    """Does a target on the page at `path` exist? What is on other sites counts as there"""
    url = urlsplit(target)
    if url.scheme or url.netloc:
        return True
    goal = path
    if url.path:
        base = root if url.path.startswith('/') else path.parent
        goal = (base / unquote(url.path).lstrip('/')).resolve()
    if goal.is_dir():
        goal /= 'index.html'
    if goal in pages:
        return unquote(url.fragment) in pages[goal].anchors
    return goal.exists()


def broken(root: Path, pages: dict[Path, Page]) -> Iterator[tuple[Path, str]]:
    """Each (page, target) whose target is missing"""
    for path, page in pages.items():
        for target in sorted(page.targets):
            if not is_there(target, path, root, pages):
                yield path.relative_to(root), target


def main() -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('site', type=Path, help='its folder, such as _docs')
    root = parser.parse_args().site.resolve()
    html = sorted(root.rglob('*.html'))
    pages = {path: Page(path.read_text(encoding='utf-8')) for path in html}
    found = list(broken(root, pages))
    for path, target in found:
        print(f'{path}: {target}')
    print(f'{len(pages)} pages, {len(found)} broken links')
    return int(bool(found) or not pages)


if __name__ == '__main__':
    sys.exit(main())
