"""Does what people click work in a real browser?

    python tools/browser.py                      everything
    python tools/browser.py player report        only these
    python tools/browser.py lab --quick          of the lab, what takes a minute
    python tools/browser.py lab_again            two tabs, a restart, Voila
    python tools/browser.py --axe axe.min.js     with this axe-core, not the one that npm fetches
    python tools/browser.py --shots FOLDER       keep a picture of each page

Needs Chromium and Playwright's Python package; where one is missing, says so and skips. The lab
runs in a JupyterLab that is started for the test, on a free port, in a folder that goes again.
Faults of accessibility are looked for with axe-core, which npm fetches; where it cannot, that is
said and left out."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import traceback
import urllib.request
from argparse import ArgumentParser, Namespace
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from project import ROOT, TOOLS, Failed

SEEKS = 100
SECONDS = 180  # at most: a model may have to be loaded, on a machine with much to do
VIEWPORT = {'width': 1100, 'height': 1000}
BROWSERS = ('chromium', 'chromium-browser', 'google-chrome')
AXE = ('4.14.1', '29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c')
QUIET = (  # else JupyterLab asks about news, over what is to be clicked
    '.jupyterlab_settings_dir/@jupyterlab/apputils-extension/notification.jupyterlab-settings',
    '{"fetchNews": "false", "checkForUpdates": false}',
)
RUN = 'document.title="run"'
HOSTILE = f"</script><script>{RUN}</script><img src=x onerror='{RUN}'>"
ODD = f'{HOSTILE} "quoted" 🎈 שלום עולם ' + 'long ' * 1000
NPM = ('--fetch-retries=1', '--fetch-timeout=20000', '--loglevel=error')
SERIOUS = ('serious', 'critical')
READ_BARS = """() => {
  const canvas = document.querySelector('canvas'), context = canvas.getContext('2d');
  let number = 0;
  for (let bit = 0; bit < 8; bit++) {
    const x = (bit + .5)*canvas.width/8, y = canvas.height*.95;
    if (context.getImageData(x, y, 1, 1).data[0] > 127) number |= 1 << bit;
  }
  return number;
}"""
PIXEL = """x => {
  const canvas = document.querySelector('canvas');
  return [...canvas.getContext('2d').getImageData(x*canvas.width, canvas.height/3, 1, 1).data];
}"""
FINDS_TOOLS = f'import sys\nsys.path.insert(0, {str(TOOLS)!r})\n'
PLAYER = """from browser import counting
from cogvideo_ddim_edit.player import compare, widget
w = widget(compare(counting(), counting(color=(40, 170, 90))))
w"""
SHOWN = "document.querySelector('.ab').dataset.shown"
BEGUN = f'!!document.querySelector(".ab") && {SHOWN} !== undefined'
ERROR = '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]'


def need(holds: bool, sentence: str) -> None:
    """Raise `Failed` with a sentence unless something holds"""
    if not holds:
        raise Failed(sentence)


def equal(found, wanted, what: str) -> None:
    """Raise `Failed` unless two things are the same"""
    need(found == wanted, f'{what} is {found!r}, and should be {wanted!r}')


def browser_program() -> str | None:
    """Where Chromium is"""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def axe_core() -> Iterator[str]:
    """Where axe-core's script is, fetched by npm for as long as it is used; '' if it cannot"""
    version, wanted = AXE
    with tempfile.TemporaryDirectory() as folder:
        name, script = f'axe-core-{version}.tgz', Path(folder) / 'package' / 'axe.min.js'
        try:
            command = [shutil.which('npm') or 'npm', 'pack', f'axe-core@{version}', *NPM]
            subprocess.run(command, cwd=folder, check=True, timeout=120, capture_output=True)
            with tarfile.open(Path(folder) / name) as packed:
                packed.extract('package/axe.min.js', folder, filter='data')
        except (OSError, subprocess.SubprocessError, tarfile.TarError) as problem:
            reason = ' '.join((getattr(problem, 'stderr', b'') or b'').decode().split())[:200]
            print(
                f'accessibility is not looked at: npm cannot fetch axe-core ({problem}; {reason})'
            )
            yield ''
            return
        found = sha256(script.read_bytes()).hexdigest()
        need(found == wanted, f'axe-core {version} is not the file that was pinned: {found}')
        yield str(script)


def missing() -> str:
    """What is not there to test with, in a sentence; '' if nothing is missing"""
    if not find_spec('playwright'):
        return "Playwright's Python package is not installed (pip install playwright)"
    if not browser_program():
        return 'there is no program `chromium` on the path (apt-get install chromium)'
    try:  # there may be a program that only says how to install the browser
        command = [browser_program(), '--version']
        subprocess.run(command, check=True, timeout=60, capture_output=True)
    except (OSError, subprocess.SubprocessError) as problem:
        return f'the browser does not start ({problem})'
    return ''


class Surfer:
    """A page in a browser, the errors it met, and where pictures of it go"""

    def __init__(self, page, options: Namespace):
        self.page, self.options, self.errors = page, options, []
        page.on('pageerror', lambda error: self.errors.append(str(error)))
        page.on('dialog', lambda dialog: self.errors.append(f'a dialog: {dialog.message}'))

    def picture(self, name: str, what: str = '') -> None:
        """Keep a picture of the page, or of one element of it"""
        if not self.options.shots:
            return
        path = Path(self.options.shots) / f'{name}.png'
        if what:  # where a part of the page scrolls, only what fits in it is in the picture
            element = self.page.locator(what).first
            tall = VIEWPORT['height'] + round(element.bounding_box()['height'])
            self.page.set_viewport_size(VIEWPORT | {'height': tall})
            element.screenshot(path=path)
            self.page.set_viewport_size(VIEWPORT)
        else:
            self.page.screenshot(path=path, full_page=True)

    def accessible(self, name: str, within: str) -> None:
        """Raise `Failed` if axe finds a serious fault"""
        if not self.options.axe:
            return
        self.page.evaluate(Path(self.options.axe).read_text(encoding='utf-8'))
        found = self.page.evaluate(f'axe.run({json.dumps(within)})')
        faults = [
            f'{name}: {fault["id"]}, {fault["help"]}: {node["html"][:160]}'
            for fault in found['violations']
            for node in fault['nodes'][:3]
            if fault['impact'] in SERIOUS
        ]
        need(not faults, '\n'.join(faults))

    def calm(self) -> None:
        """Raise `Failed` if the page met an error"""
        need(not self.errors, f'the page met {self.errors}')


@contextmanager
def surfing(options: Namespace, **how) -> Iterator[Surfer]:
    """A new page in a new browser; `how` goes to Playwright's `new_context`"""
    from playwright.sync_api import sync_playwright

    arguments = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage']
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_program(), args=arguments)
        try:
            context = browser.new_context(viewport=VIEWPORT, **how)  # so there can be tabs
            context.set_default_timeout(1000 * SECONDS)
            page = context.new_page()
            surfer = Surfer(page, options)
            yield surfer
        except Exception:
            surfer.picture('failed')
            raise
        finally:
            browser.close()


def holds(question: Callable[[], bool], seconds: float = SECONDS) -> bool:
    """Wait until something holds; False if the time runs out before"""
    end = time.monotonic() + seconds
    while not question():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def until(frame, expression: str, seconds: float = SECONDS) -> None:
    """Wait until something holds in a page (asked from outside: pages forbid `eval`)"""
    found = holds(lambda: frame.evaluate(expression), seconds)
    need(found, f'after {seconds:g} s it still does not hold: {expression}')


# The player


def counting(count: int = 60, color: tuple = (220, 60, 60)):
    """A video whose frames carry their number as black and white bars"""
    from cogvideo_ddim_edit.video import Video

    frames = np.full((count, 64, 64, 3), color, np.uint8)
    for i, frame in enumerate(frames):
        for bit in range(8):
            frame[-8:, bit * 8 : bit * 8 + 8] = 255 * (i >> bit & 1)
    return Video(frames, fps=8)


def wait_for_player(frame) -> None:
    """Until a player shows its first frame"""
    until(frame, BEGUN)


def seek_everywhere(frame, count: int, times: int) -> None:
    """Go to frames by lot; the bars in the picture must be those of the frame"""
    for i in np.random.default_rng(0).integers(0, count, times).tolist():
        frame.evaluate(f'window.player.show({i})')
        until(frame, f'{SHOWN} === "{i}"')
        equal(frame.evaluate(READ_BARS), i, 'the frame that is seen')


def test_player(options: Namespace) -> None:
    """player: frames, wipe, modes, Tab, keys, buttons, touch, a slider for a setting"""
    from cogvideo_ddim_edit.player import compare

    with tempfile.TemporaryDirectory() as folder, surfing(options, has_touch=True) as surfer:
        videos = [counting(), counting(color=(40, 170, 90)), counting(color=(40, 70, 190))]
        path = compare(*videos, names=['source', HOSTILE, 'blue']).save(f'{folder}/page.html')
        page = surfer.page
        page.goto(path.as_uri())
        wait_for_player(page)
        seek_everywhere(page, 60, SEEKS)
        play_with_keys(page)
        play_with_pointer(page)
        equal(page.title(), 'Comparison', 'the title')
        surfer.accessible('player', 'body')
        page.emulate_media(color_scheme='dark')
        surfer.accessible('player, dark', 'body')
        surfer.picture('player_dark')
        page.emulate_media(color_scheme='light')
        surfer.picture('player')
        turn_knob(surfer, videos, folder)
        surfer.calm()


def turn_knob(surfer: Surfer, videos: list, folder: str) -> None:
    """A slider goes through the videos of a setting; what it shows is the video of that value"""
    from cogvideo_ddim_edit.player import with_knob

    page, shown = surfer.page, with_knob(videos[0], {0.5: videos[1], 1.0: videos[2]}, 'weight')
    page.goto(shown.save(f'{folder}/knob.html').as_uri())
    wait_for_player(page)
    page.get_by_label('How the two are compared').select_option('wipe')
    for value, color in ((2, 2), (1, 1)):  # blue, then green
        page.get_by_label('weight', exact=True).fill(f'{value}')
        pixel = page.evaluate(PIXEL, 0.9)
        equal(int(np.argmax(pixel[:3])), color, 'the colour of what the slider chose')
    need(page.locator('.ab-setting').inner_text() == 'weight 0.5', 'the value is not said')
    surfer.accessible('player with a slider', 'body')
    surfer.picture('player_knob')


def play_with_keys(page) -> None:
    """Modes by numbers, Tab through the videos and out of the player, arrows, Space"""
    state = 'window.player.state'
    canvas = page.locator('canvas')
    canvas.focus()
    page.keyboard.press('4')
    equal(page.evaluate(f'{state}.mode'), 'difference', 'the mode')
    page.keyboard.press('Tab')
    equal(page.evaluate(f'{state}.right'), 2, 'the video on the right')
    page.keyboard.press('Tab')
    equal(page.evaluate('document.activeElement.tagName'), 'BUTTON', 'where Tab leads')
    canvas.focus()
    page.keyboard.press('Home')
    page.keyboard.press('ArrowRight')
    equal(page.evaluate(f'{state}.frame'), 1, 'the frame after an arrow')
    page.keyboard.press('End')
    equal(page.evaluate(f'{state}.frame'), 59, 'the last frame')
    page.keyboard.press(' ')
    until(page, f'{state}.playing && {state}.frame > 1 && {state}.frame < 59')
    page.keyboard.press(' ')
    equal(page.evaluate(f'{state}.playing'), False, 'playing after Space')


def wiped(page, share: float) -> None:
    """The wipe is where the pointer is"""
    split = page.evaluate('window.player.state.split')
    need(abs(split - share) < 0.02, f'the wipe is at {split}, the pointer at {share}')


def play_with_pointer(page) -> None:
    """The wipe follows the pointer; the slider and the buttons show frames"""
    page.get_by_label('How the two are compared').select_option('wipe')
    page.get_by_label('Video on the right').select_option('1')
    box = page.locator('canvas').bounding_box()
    for share in (0.25, 0.75):
        page.mouse.move(box['x'] + share * box['width'], box['y'] + 50)
        wiped(page, share)
    page.touchscreen.tap(box['x'] + 0.4 * box['width'], box['y'] + 50)
    wiped(page, 0.4)
    page.mouse.move(box['x'] + 0.75 * box['width'], box['y'] + 50)
    left, right = (page.evaluate(PIXEL, x) for x in (0.5, 0.9))
    need(left[0] > 180 > 80 > right[0], f'left of the wipe is {left}, right of it {right}')
    page.get_by_label('Frame', exact=True).fill('7')
    page.get_by_label('One frame on').click()
    until(page, f'{SHOWN} === "8"')
    equal(page.evaluate(READ_BARS), 8, 'the frame after slider and button')


# The report


def saved_edit(folder: Path, prompt: str) -> Path:
    """A folder as `Edit.save` writes it, of an edit that no model made"""
    import torch
    from browser_explorer import made_explorer
    from cogvideo_ddim_edit.edits import Edit

    one = Edit(
        counting(color=(40, 70, 190)),
        counting(),
        prompt,
        torch.zeros(1, 15, 4, 8, 8),
        source_prompt=f'a red field {prompt}',
        prompts=(prompt,),
        about={'model': HOSTILE, 'preset': 'default'},
        read=made_explorer().kept,
    )
    return one.save(folder)


def test_report(options: Namespace) -> None:
    """report: opens from a disk, plays, loads nothing, runs no text"""
    from cogvideo_ddim_edit.report import report

    with tempfile.TemporaryDirectory() as folder:
        for name, prompt in {'report': 'a blue field', 'report_odd': ODD}.items():
            run, start = saved_edit(Path(folder) / name, prompt), time.process_time()
            path = report(run)
            print(f'     {name} is made in {time.process_time() - start:.1f} s of processor')
            need(path.stat().st_size < 8_000_000, f'{name} has {path.stat().st_size} bytes')
            with surfing(options) as surfer:
                look_at_report(surfer, path, name)


def look_at_report(surfer: Surfer, path: Path, name: str) -> None:
    """Open a report and look at all of it"""
    page, requested = surfer.page, []
    page.on('request', lambda request: requested.append(request.url))
    page.goto(path.as_uri())
    wait_for_player(page)
    seek_everywhere(page, 60, 10)
    need(page.title().startswith('Edit:'), f'the title became {page.title()!r}: a text was run')
    outside = [url for url in requested if not url.startswith(('file:', 'data:'))]
    equal(outside, [], 'what the page loads')
    page.get_by_text('The whole record').click()
    need(page.get_by_role('heading', name='Settings').is_visible(), 'there are no settings')
    pictures = page.locator('section[aria-labelledby="reads"] img')
    equal(pictures.count(), 3, 'the pictures of what the edit read')
    drawn = 'images => images.every(image => image.naturalWidth > 200)'
    need(pictures.evaluate_all(drawn), 'a picture of what the edit read is not drawn')
    surfer.accessible(name, 'body')
    page.emulate_media(color_scheme='dark')
    surfer.accessible(f'{name}, dark', 'body')
    surfer.picture(f'{name}_dark')
    page.emulate_media(color_scheme='light')
    surfer.picture(name)
    surfer.calm()


# A notebook as HTML


@contextmanager
def exported(shown, options: Namespace) -> Iterator[tuple]:
    """A notebook that shows something, as HTML in a browser without network: page and frame"""
    import nbformat
    from nbconvert import HTMLExporter

    data = shown._repr_mimebundle_()
    data['image/png'] = b64encode(data['image/png']).decode()
    outputs = [nbformat.v4.new_output('display_data', data)]
    cell = nbformat.v4.new_code_cell('shown', outputs=outputs)
    html, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    with tempfile.TemporaryDirectory() as folder, surfing(options) as surfer:
        path = Path(folder) / 'page.html'
        path.write_text(html, encoding='utf-8')
        surfer.page.route('http*://**', lambda route: route.abort())  # there may be no network
        surfer.page.goto(path.as_uri(), wait_until='domcontentloaded')
        yield surfer, surfer.page.wait_for_selector('iframe').content_frame()


def test_exported(options: Namespace) -> None:
    """exported page: the player in a notebook that nbconvert made HTML of"""
    from cogvideo_ddim_edit.player import compare

    player = compare(counting(), counting(color=(40, 170, 90)), names=['source', 'edit'])
    with exported(player, options) as (surfer, frame):
        wait_for_player(frame)
        seek_everywhere(frame, 60, SEEKS)
        surfer.picture('exported')


# The explorer, which has a file of its own


def test_explorer(options: Namespace) -> None:
    """explorer: places, words, brush, keys, touch, dark, odd words; no network"""
    from browser_explorer import look_at_exported, look_at_page, touch_page

    look_at_page(options)
    touch_page(options)
    look_at_exported(options)


def test_explorer_lab(options: Namespace) -> None:
    """explorer in a JupyterLab and by Voila: its state goes to Python and comes from there"""
    from browser_explorer import look_at_lab, look_at_voila

    look_at_lab(options)
    look_at_voila(options)


# In a JupyterLab


@contextmanager
def jupyter(notebook: dict) -> Iterator[str]:
    """The address of a notebook in a JupyterLab of its own"""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / 'lab.ipynb').write_text(json.dumps(notebook), encoding='utf-8')
        (quiet := Path(folder) / QUIET[0]).parent.mkdir(parents=True)
        quiet.write_text(QUIET[1], encoding='utf-8')
        command = [sys.executable, '-m', 'jupyterlab', '--no-browser', '--allow-root']
        command += [f'--port={port}', '--ip=127.0.0.1', '--ServerApp.port_retries=0']
        command += [f'--ServerApp.root_dir={folder}', f'--IdentityProvider.token={token}']
        command += ['--KernelManager.transport=ipc']  # kernels side by side race for ports
        places = {
            name: f'{folder}/.{name.lower()}'
            for name in ('JUPYTER_CONFIG_DIR', 'JUPYTERLAB_SETTINGS_DIR')
        }
        places['JUPYTER_RUNTIME_DIR'] = f'{folder}/.r'  # names of sockets must be short
        environment = os.environ | places | {'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}
        with open(f'{folder}/.log', 'wb') as log:
            server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            try:
                wait_for_server(f'http://127.0.0.1:{port}/api?token={token}', server)
                yield f'http://127.0.0.1:{port}/doc/tree/lab.ipynb?token={token}'
            finally:
                server.terminate()
                server.wait(30)


def wait_for_server(address: str, server: subprocess.Popen) -> None:
    """Until it answers; raises `Failed` if it does not within five minutes"""
    end = time.monotonic() + 300
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise Failed('JupyterLab did not start')


def answer_dialogs(page) -> None:
    """Agree with what JupyterLab asks, such as which kernel to start, and say what that was"""
    for dialog in page.locator('dialog.jp-Dialog').all():
        print(f'     JupyterLab asks: {" ".join(dialog.inner_text().split())[:200]}')
        dialog.locator('.jp-mod-accept').click()


def run_cell(page, number: int, tries: int = 20) -> None:
    """Run a cell of the notebook, again where the kernel was not there yet"""
    cell = page.locator('.jp-CodeCell').nth(number)
    prompt = cell.locator('.jp-InputPrompt')
    before = prompt.inner_text().strip()
    for _ in range(tries):
        answer_dialogs(page)
        cell.locator('.cm-content').click()
        page.keyboard.press('Control+Enter')
        if holds(lambda: prompt.inner_text().strip() not in (before, '[ ]:', ''), 10):
            return
    raise Failed(f'cell {number} does not run')


def notebook_of(*sources: str) -> dict:
    """A notebook with a cell for each source, which finds the tools"""
    import nbformat

    spec = {'kernelspec': {'name': 'python3', 'display_name': 'python3', 'language': 'python'}}
    cells = [nbformat.v4.new_code_cell(text) for text in (FINDS_TOOLS + sources[0], *sources[1:])]
    return nbformat.v4.new_notebook(cells=cells, metadata=spec)


def open_notebook(page, address: str) -> None:
    """Until its kernel is there"""
    page.goto(address)
    page.wait_for_selector('.jp-CodeCell .cm-content')
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]')


def run_until(page, number: int, expression: str) -> None:
    """Run a cell that shows widgets, until something holds in the page

    anywidget gives a widget two seconds to begin, which may be too few on a busy machine."""
    for _ in range(8):
        run_cell(page, number)
        if holds(lambda: page.evaluate(expression), 20):
            return
        error = page.locator(ERROR).all_inner_texts()
        need(not error, f'cell {number} ends with {"".join(error)[-300:]}')
    raise Failed(f'what cell {number} shows does not begin')


def is_so(page, expression: str) -> bool:
    """Does something hold in a page? Nothing does while it goes on to another address"""
    from playwright.sync_api import Error

    try:
        return bool(page.evaluate(expression))
    except Error as problem:
        if 'navigation' not in str(problem):
            raise
        return False


def open_until(page, address: str, expression: str) -> None:
    """Open a page with widgets, again if something does not hold there: see `run_until`"""
    for _ in range(4):
        page.goto(address)
        if holds(lambda: is_so(page, expression), 90):
            return
    raise Failed(f'the page does not begin: {page.inner_text("body")[-300:]}')


def output_of(page, number: int) -> str:
    """What a cell printed, after it was run"""
    run_cell(page, number)
    return page.locator('.jp-CodeCell').nth(number).locator('.jp-OutputArea-output').inner_text()


def test_player_lab(options: Namespace) -> None:
    """player in a JupyterLab: Python knows its frame and sets it"""
    cells = PLAYER, 'print(w.frame)', 'w.frame = 41'
    with jupyter(notebook_of(*cells)) as address, surfing(options) as surfer:
        page = surfer.page
        open_notebook(page, address)
        run_until(page, 0, BEGUN)
        page.get_by_label('Frame', exact=True).fill('7')
        page.get_by_label('One frame on').click()
        until(page, f'{SHOWN} === "8"')
        equal(output_of(page, 1).strip(), '8', 'the frame that Python knows')
        run_cell(page, 2)
        until(page, f'{SHOWN} === "41"')
        equal(page.evaluate(READ_BARS), 41, 'the frame that Python set')
        surfer.accessible('player in JupyterLab', '.ab')
        surfer.picture('player_lab')
        surfer.calm()


# The lab


def test_lab(options: Namespace) -> None:
    """lab: in JupyterLab; if not --quick also twenty cancelled runs, and without a kernel"""
    from browser_lab import drive

    drive(options)


def test_lab_again(options: Namespace) -> None:
    """lab again: two tabs, a restart, the page that the command serves"""
    from browser_lab import drive_again

    drive_again(options)


# All of them

TESTS = {
    'player': test_player,
    'report': test_report,
    'player_lab': test_player_lab,
    'exported': test_exported,
    'explorer': test_explorer,
    'explorer_lab': test_explorer_lab,
    'lab': test_lab,
    'lab_again': test_lab_again,
}


def passes(test: Callable, options: Namespace) -> bool:
    """Run a test and say how it went"""
    start, problem = time.monotonic(), ''
    try:
        test(options)
    except Failed as failure:
        problem = str(failure)
    except Exception:  # the browser's own errors, a time that ran out
        problem = traceback.format_exc(limit=-3)
    state = 'FAIL' if problem else 'ok  '
    print(f'{state} {test.__doc__} ({time.monotonic() - start:.1f} s)', flush=True)
    for line in problem.splitlines():
        print(f'     {line}', flush=True)
    return not problem


def main(argv: list[str] | None = None) -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('names', nargs='*', metavar='TEST', help=f'of {", ".join(TESTS)}')
    parser.add_argument('--axe', metavar='FILE', help='axe.min.js of the npm package axe-core')
    parser.add_argument('--quick', action='store_true', help='of the lab, what takes a minute')
    parser.add_argument('--shots', metavar='FOLDER', help='where pictures of the pages go')
    options = parser.parse_args(argv)
    if unknown := set(options.names) - set(TESTS):
        parser.error(f'there is no test {", ".join(unknown)}; use some of {", ".join(TESTS)}')
    if reason := missing():
        print(f'skipped: {reason}')
        return 0
    if options.shots:
        Path(options.shots).mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(ROOT))
    with nullcontext(options.axe) if options.axe else axe_core() as options.axe:
        results = [passes(TESTS[name], options) for name in options.names or TESTS]
    print(f'{sum(results)} passed, {len(results) - sum(results)} failed')
    return int(not all(results))


if __name__ == '__main__':
    sys.exit(main())
