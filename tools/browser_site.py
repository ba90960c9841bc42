"""Would the pages of the site be right? Each is laid out, opened in a browser and looked at

    python tools/browser_site.py                          every notebook
    python tools/browser_site.py 03_inversion 06_maps     some
    python tools/browser_site.py --from FOLDER            what `docs.py --out FOLDER` has processed
    python tools/browser_site.py --shots FOLDER           keep a picture of each page
    python tools/browser_site.py --axe axe.min.js         with this axe-core, not npm's

Quarto lays the real site out; here pandoc, which comes with pip, lays the same notebooks out in a
column as narrow as the site's. Wrong is a page that scrolls sideways or has over 2 MB, code and
prints that are cut, a video that shows no frame or does not play, a picture that is not there or
has no alt text, a link inside the site that leads nowhere, text with too little contrast in what
our own code draws. Needs Chromium and Playwright; says so and skips without."""

import html
import json
import re
import shutil
import sys
import tempfile
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from base64 import b64decode
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import nullcontext
from pathlib import Path

import linkcheck
import pypandoc
import yaml
from browser import SERIOUS, axe_core, missing, surfing, until
from docs import processed
from project import NBS, ROOT, Failed, chosen, relative
from readme import directives, text

MOST_BYTES = 2_000_000
MARKDOWN = 'markdown+autolink_bare_uris+emoji+gfm_auto_identifiers-implicit_figures-citations'
LAYOUT = """
body { margin: 0; font: 17px/1.5 sans-serif; color: #373a3c; background: white; }
main { max-width: 720px; margin: 0 auto; padding: 0 1rem; overflow-wrap: break-word; }
pre { overflow-x: auto; background: #f7f7f7; padding: .4em; font-size: 14px; line-height: 1.4; }
table { display: block; overflow-x: auto; border-collapse: collapse; }
td, th { padding: .2em .5em; border-bottom: 1px solid #dee2e6; }
"""
WRAPPED = 'pre.sourceCode, pre.sourceCode code { white-space: pre-wrap; overflow-wrap: anywhere; }'
LOOK = """async () => {
  const wait = (time) => new Promise(done => setTimeout(done, time));
  const wrong = [], page = document.documentElement;
  const of = (what) => [...document.querySelectorAll(what)];
  const longest = (pre) => pre.innerText.split('\\n').sort((a, b) => b.length - a.length)[0];
  if (page.scrollWidth > page.clientWidth)
    wrong.push(`the page is ${page.scrollWidth} pixels wide and scrolls sideways`);
  const cut = of('pre').filter(pre => pre.scrollWidth > pre.clientWidth + 1);
  for (const pre of cut)
    wrong.push(`cut at the right: ${longest(pre)}`);
  for (const formula of of('span.math'))
    wrong.push(`a formula stays TeX: ${formula.innerText.slice(0, 60)}`);
  for (const video of of('video')) {
    video.muted = true;
    await Promise.race([video.play().catch(() => 0), wait(4000)]);
    for (let i = 0; i < 40 && !(video.videoWidth && video.currentTime); i++) await wait(100);
    if (!video.videoWidth) wrong.push('a video shows no frame');
    else if (!video.currentTime) wrong.push('a video does not play');
    video.pause();
  }
  for (const image of of('img')) {
    if (/^https?:/.test(image.getAttribute('src') || '')) continue;
    if (!(image.complete && image.naturalWidth)) wrong.push('a picture is not there');
    if (!(image.getAttribute('alt') || '').trim())
      wrong.push(`a picture has no alt text: ${image.closest('[data-cell]')?.dataset.cell}`);
  }
  return wrong;
}"""

CANVAS = """() => [...document.querySelectorAll('canvas')].some(canvas => canvas.width > 0 &&
  canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(x => x > 0))"""
CONTRAST = """axe.run('.cell-output-display', {runOnly: ['color-contrast', 'image-alt', 'label',
  'button-name', 'link-name'], iframes: false})"""


# Laying out


def settings() -> dict:
    """What `_quarto.yml` says of HTML"""
    whole = yaml.safe_load((NBS / '_quarto.yml').read_text(encoding='utf-8'))
    return whole['format']['html']


def host() -> str:
    """Where the site is, as nbdev writes links to names"""
    ini = ConfigParser()
    ini.read(ROOT / 'settings.ini', encoding='utf-8')
    return ini['DEFAULT']['doc_host'] + ini['DEFAULT']['doc_baseurl']


def address(path: Path, notebook: dict) -> str:
    """Where the site has the page of a notebook: nbdev leaves out the number"""
    named = re.search(r'(?m)^output-file: (\S+)$', text(notebook['cells'][0]['source']))
    name = named[1] if named else f'{path.stem}.html'
    return (path.parent.relative_to(NBS) / name).as_posix()


def linked(markdown: str, path: Path, addresses: dict[Path, str]) -> str:
    """Markdown of a notebook with the links inside the site as paths of pages"""
    home = '../' * (len(path.relative_to(NBS).parts) - 1)

    def to_page(found):
        goal = (path.parent / found[1]).resolve()
        return f']({home}{addresses[goal]}{found[2] or ""})' if goal in addresses else found[0]

    markdown = re.sub(r'\]\((?!https?:)([^)#\s]+\.ipynb)(#[^)\s]*)?\)', to_page, markdown)
    return re.sub(rf'\]\({re.escape(host())}/([^)\s]*)\)', rf']({home}\1)', markdown)


def picture(data: dict, alt: str, file: Path) -> str:
    """A PNG output as HTML, its bytes in a file beside the page"""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b64decode(text(data['image/png'])))
    return raw(f'<img src="{file.parent.name}/{file.name}" alt="{html.escape(alt)}">')


def raw(page: str) -> str:
    """HTML in Markdown"""
    return f'``````{{=html}}\n{page}\n``````'


def shown(output: dict, alt: str, file: Path) -> str:
    """An output as Markdown: of what it offers, what Quarto takes"""
    data = output.get('data', {})
    if 'text/html' in data:
        return raw(text(data['text/html']))
    if 'text/markdown' in data:
        return text(data['text/markdown'])
    if 'image/png' in data:
        return picture(data, alt, file)
    printed = text(output.get('text', data.get('text/plain', '')))
    return f'``````\n{printed}\n``````'


def code_parts(cell: dict, file: Path) -> Iterator[str]:
    """Code and outputs of a cell as Markdown"""
    flags, code = directives(text(cell['source']))
    if flags.get('include') == 'false':
        return
    yield f'::: {{.cell data-cell="{cell.get("id", "")}"}}\n'
    if flags.get('echo') != 'false' and 'hide_input' not in flags:
        yield f'``````python\n{code}\n``````\n'
    alt = yaml.safe_load(flags.get('fig-alt') or '""')
    for i, output in enumerate(cell.get('outputs', [])):
        if flags.get('output') == 'false' or 'hide_output' in flags:
            break
        kind = 'display' if 'data' in output else output.get('name', 'stdout')
        here = alt[i] if isinstance(alt, list) else alt
        drawn = shown(output, here, file.with_name(f'{file.name}-{i}.png'))
        yield f'::: {{.cell-output .cell-output-{kind}}}\n{drawn}\n:::\n'
    yield ':::\n'


def write_page(notebook: dict, path: Path, root: Path, addresses: dict[Path, str]) -> Path:
    """Lay a processed notebook out as a page; where it is"""
    page = root / addresses[path]
    header = yaml.safe_load(text(notebook['cells'][0]['source']).strip('-\n'))
    parts = [f'# {header["title"]}', header.get('description', '')]
    for number, cell in enumerate(notebook['cells'][1:]):
        if cell['cell_type'] == 'markdown':
            parts.append(text(cell['source']))
        elif cell['cell_type'] == 'code':
            parts += code_parts(cell, page.parent / f'{page.stem}_files' / f'cell-{number}')
    markdown = linked('\n\n'.join(parts), path, addresses)
    body = pypandoc.convert_text(markdown, 'html', MARKDOWN, extra_args=['--mathml'])
    look = LAYOUT + (WRAPPED if settings().get('code-overflow') == 'wrap' else '')
    look += (NBS / settings()['css']).read_text(encoding='utf-8')
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>{header["title"]}</title>'
        f'<style>{look}</style><main>{body}</main></html>',
        encoding='utf-8',
    )
    return page


def lay_out(paths: list[Path], already: Path | None, root: Path) -> dict[Path, Path]:
    """Pages of notebooks"""
    notebooks = {path: one_processed(path, already) for path in paths}
    addresses = {path: address(path, notebook) for path, notebook in notebooks.items()}
    copy_pictures(root)
    return {
        path: write_page(notebook, path, root, addresses) for path, notebook in notebooks.items()
    }


def one_processed(path: Path, already: Path | None) -> dict:
    """A notebook as nbdev hands it to Quarto"""
    if already is None:
        return processed(path)
    return json.loads((already / path.relative_to(NBS)).read_text(encoding='utf-8'))


def copy_pictures(root: Path) -> None:
    """What pages show that no notebook holds"""
    for folder in ('images', 'results'):
        shutil.copytree(NBS / folder, root / folder)


# Looking


def drawings(page) -> list[str]:
    """What is wrong with the players and other pages inside a page"""
    wrong = []
    for frame in page.frames[1:]:
        if not frame.locator('canvas').count():
            continue
        try:
            until(frame, f'({CANVAS})()', 20)
        except Failed:
            wrong.append('a player shows no frame')
    return wrong


def hard_to_read(page, axe: str) -> list[str]:
    """Faults of accessibility in what cells show"""
    if not axe or not page.locator('.cell-output-display').count():
        return []
    page.evaluate(Path(axe).read_text(encoding='utf-8'))
    found = page.evaluate(CONTRAST)['violations']
    return [
        f'{fault["id"]}: {node["html"][:120]}'
        for fault in found
        for node in fault['nodes'][:3]
        if fault['impact'] in SERIOUS
    ]


def look_at(surfer, path: Path) -> list[str]:
    """What is wrong with a page"""
    page, wrong = surfer.page, []
    files = path.parent / f'{path.stem}_files'
    size = path.stat().st_size + sum(file.stat().st_size for file in files.glob('*'))
    if size > MOST_BYTES:
        wrong.append(f'the page has {size / 1e6:.1f} MB')
    page.goto(path.as_uri(), wait_until='load')
    wrong += page.evaluate(LOOK)
    wrong += drawings(page)
    wrong += hard_to_read(page, surfer.options.axe)
    surfer.picture(path.stem)
    wrong += [f'the page met {error}' for error in surfer.errors]
    surfer.errors.clear()
    return wrong


def broken_links(root: Path, pages: dict[Path, Path], everything: bool) -> dict[Path, list[str]]:
    """Links that lead nowhere, by page; where some pages are missing, only those within a page"""
    read = {page: linkcheck.Page(page.read_text(encoding='utf-8')) for page in pages.values()}
    found = {page: [] for page in read}
    for page, target in linkcheck.broken(root, read):
        if everything or target.startswith('#'):
            found[root / page].append(f'a link leads nowhere: {target}')
    return found


def look_at_all(pages: dict[Path, Path], links: dict[Path, list[str]], options) -> int:
    """Say of each page what is wrong; how many have something"""
    bad = 0
    with surfing(options) as surfer:
        surfer.page.route('http*://**', lambda route: route.abort())  # there may be no network
        for path, page in pages.items():
            wrong = links[page] + look_at(surfer, page)
            bad += bool(wrong)
            print(f'{"FAIL" if wrong else "ok  "} {relative(path)}', flush=True)
            for sentence in wrong:
                print(f'     {sentence}', flush=True)
    return bad


def main() -> int:
    """Lay out and look"""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument('notebooks', nargs='*', help='default: all')
    parser.add_argument('--from', dest='already', type=Path, metavar='FOLDER')
    parser.add_argument('--axe', metavar='FILE', help='axe.min.js of the npm package axe-core')
    parser.add_argument('--shots', metavar='FOLDER', help='where pictures of the pages go')
    options = parser.parse_args()
    if reason := missing():
        print(f'skipped: {reason}')
        return 0
    if options.shots:
        Path(options.shots).mkdir(parents=True, exist_ok=True)
    paths = chosen(options.notebooks)
    with (
        tempfile.TemporaryDirectory() as folder,
        nullcontext(options.axe) if options.axe else axe_core() as options.axe,
    ):
        root = Path(folder)
        pages = lay_out(paths, options.already, root)
        links = broken_links(root, pages, not options.notebooks)
        bad = look_at_all(pages, links, options)
    print(f'{len(paths) - bad} passed, {bad} failed')
    return bool(bad)


if __name__ == '__main__':
    sys.exit(main())
