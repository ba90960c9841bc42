"""Does somebody who has just cloned the project see the notebooks' pictures?

    python tools/browser_book.py                          every notebook
    python tools/browser_book.py 03_inversion 06_maps     some
    python tools/browser_book.py --shots FOLDER           keep a picture of each page

JupyterLab does not trust what it finds in a fresh clone: it shows pictures, and drops players and
scripts. Each notebook is opened like that in headless Chromium, without a kernel, and every output
that holds a picture must show one. Needs Chromium and Playwright; says so and skips without."""

import json
import sys
import urllib.request
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from browser import jupyter, missing, surfing, until
from project import Failed, chosen, relative

TRACKER = '@jupyterlab/notebook-extension:tracker'
SETTINGS = {'windowingMode': 'none', 'autoStartDefaultKernel': False}
READY = "document.querySelectorAll('.jp-Notebook .jp-Cell').length >= {}"
SEEN = """() => [...document.querySelectorAll('.jp-OutputArea-child')].map(output =>
  [...output.querySelectorAll('img')].some(img => img.complete && img.naturalWidth > 8) ||
  !!output.querySelector('video[poster^="data:image/"]'))"""
WIDE = """() => [...document.querySelectorAll('.jp-CodeCell .cm-content')].map(
  code => code.scrollWidth - code.closest('.cm-scroller').clientWidth).map(x => Math.max(0, x))"""


def has_picture(output: dict) -> bool:
    """Is there a picture in an output, whatever else?"""
    data = output.get('data', {})
    page = ''.join(data.get('text/html', ''))
    return 'image/png' in data or 'image/jpeg' in data or '<img' in page or '<video' in page


def send(address: str, token: str, method: str, body: dict) -> None:
    """Send something to the server"""
    request = urllib.request.Request(
        f'{address}?token={token}',
        json.dumps(body).encode(),
        {'Content-Type': 'application/json', 'Authorization': f'token {token}'},
        method=method,
    )
    urllib.request.urlopen(request, timeout=30).close()


def look_at(surfer, server: str, token: str, path: Path) -> str:
    """What is wrong with a notebook as it is seen; '' if nothing"""
    notebook = json.loads(path.read_text(encoding='utf-8'))
    shown = [cell for cell in notebook['cells'] if cell['cell_type'] == 'code']
    wanted = sum(has_picture(output) for cell in shown for output in cell['outputs'])
    content = {'type': 'notebook', 'format': 'json', 'content': notebook}
    send(f'{server}/api/contents/{path.name}', token, 'PUT', content)
    surfer.page.goto(f'{server}/doc/tree/{path.name}?token={token}', wait_until='commit')
    until(surfer.page, READY.format(len(notebook['cells'])), 90)
    surfer.page.wait_for_timeout(1500)
    surfer.picture(path.stem)
    found = sum(surfer.page.evaluate(SEEN))
    wide = [x for x in surfer.page.evaluate(WIDE) if x > 4]
    problems = [] if found >= wanted else [f'{found} of {wanted} pictures are seen']
    if wide:
        problems.append(f'{len(wide)} cells of code are cut at the right')
    return '; '.join(problems)


def playwright_error() -> type[Exception]:
    """What Playwright raises, a time that ran out too"""
    from playwright.sync_api import Error

    return Error


def main() -> int:
    """Look at notebooks"""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument('notebooks', nargs='*', help='default: all')
    parser.add_argument('--shots', metavar='FOLDER', help='where pictures of the pages go')
    given = parser.parse_args()
    given.axe = None
    if reason := missing():
        print(f'skipped: {reason}')
        return 0
    if given.shots:
        Path(given.shots).mkdir(parents=True, exist_ok=True)
    paths, wrong = chosen(given.notebooks), 0
    first = json.loads(paths[0].read_text(encoding='utf-8'))
    with jupyter(first) as address, surfing(given) as surfer:
        server, token = address.split('/doc/')[0], address.split('token=')[1]
        raw = {'raw': json.dumps(SETTINGS)}
        send(f'{server}/lab/api/settings/{TRACKER}', token, 'PUT', raw)
        # JupyterLab asks before a notebook that it has brought up to date is left
        surfer.page.on('dialog', lambda dialog: dialog.accept())
        surfer.page.set_viewport_size({'width': 1200, 'height': 2400})
        for path in paths:
            try:
                problem = look_at(surfer, server, token, path)
            except (Failed, playwright_error()) as failure:
                problem = str(failure).splitlines()[0]
            print(f'{"FAIL" if problem else "ok  "} {relative(path)} {problem}', flush=True)
            wrong += bool(problem)
    print(f'{len(paths) - wrong} passed, {wrong} failed')
    return bool(wrong)


if __name__ == '__main__':
    sys.exit(main())
