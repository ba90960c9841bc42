"""Does every link and picture of a built site point at something that is there?

    python tools/linkcheck.py _docs

Looks at links inside the site only (pages, pictures, films, anchors); the rest of the web is not asked."""
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit
import sys

class Page(HTMLParser):
    "The anchors that a page has and the places that it points to"
    def __init__(self, text):
        super().__init__()
        self.anchors, self.targets = {'', 'top'}, set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        a = {name: value for name, value in attributes if value}
        self.anchors |= {a[name] for name in ('id', 'name') if name in a}
        self.targets |= {a[name] for name in ('href', 'src', 'poster') if name in a}

def broken(root: Path, pages: dict):
    "Each (page, target) whose target is missing"
    for path, page in pages.items():
        for target in sorted(page.targets):
            url = urlsplit(target)
            if url.scheme or url.netloc: continue
            base = root if url.path.startswith('/') else path.parent
            goal = (base/unquote(url.path).lstrip('/')).resolve() if url.path else path
            if goal.is_dir(): goal /= 'index.html'
            if not goal.exists() or (goal in pages and unquote(url.fragment) not in pages[goal].anchors): yield path.relative_to(root), target

def main(argv) -> int:
    if len(argv) != 1: sys.exit(__doc__)
    root = Path(argv[0]).resolve()
    pages = {path: Page(path.read_text(encoding='utf-8')) for path in sorted(root.rglob('*.html'))}
    found = list(broken(root, pages))
    for path, target in found: print(f'{path}: {target}')
    print(f'{len(pages)} pages, {len(found)} broken links')
    return int(bool(found) or not pages)

if __name__ == '__main__': sys.exit(main(sys.argv[1:]))
