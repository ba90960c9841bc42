"""The explorer of what an edit reads: as a page from a disk, in a JupyterLab and by Voila

`python tools/browser.py explorer explorer_lab` runs these."""

import os
import tempfile
from argparse import Namespace
from importlib.util import find_spec

import numpy as np
from browser import (
    FINDS_TOOLS,
    HOSTILE,
    Surfer,
    counting,
    equal,
    exported,
    jupyter,
    need,
    notebook_of,
    open_notebook,
    open_until,
    output_of,
    run_cell,
    run_until,
    surfing,
    until,
)
from project import ROOT

RTL = 'שלום'
WORDS = ('a', 'blue', HOSTILE, '🎈', RTL, 'padding')
STEPS, BLOCKS = (900, 500, 300, 100), (0, 1, 2, 3, 4)
GRID = (4, 6, 8)
SHOWN = 'document.querySelector(".ex").dataset.loaded === "2"'
STATE = 'window.explorer.state'
LIGHT = 'getComputedStyle(document.querySelector(".ex")).backgroundColor'
CHANGES = """async () => {
  const slider = document.querySelector('.ex-slider'), times = [];
  const painted = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  for (let i = 0; i < 60; i++) {
    await painted();
    const start = performance.now();
    slider.value = i % 13;
    slider.dispatchEvent(new Event('input'));
    await painted();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return {median: times[30], longest: times[59]};
}"""


def made_explorer():
    """An explorer of maps by lot, without a model"""
    import torch
    from cogvideo_ddim_edit.attention_plan import Attention, AttentionPlan
    from cogvideo_ddim_edit.edits import Edit
    from cogvideo_ddim_edit.explorer import Explorer
    from cogvideo_ddim_edit.kept import EDIT, SOURCE, SOURCE_TEXT, Kept, patch_queries
    from cogvideo_ddim_edit.tokens import TokenGrid

    text, places = len(WORDS), int(np.prod(GRID))
    generator, grid = torch.Generator().manual_seed(0), TokenGrid(text, *GRID)
    keys = [(t, i) for t in STEPS for i in BLOCKS]

    def lot(*shape):
        return torch.randn(shape, generator=generator).mul(2).softmax(-1)

    masses = {key: lot(1, grid.tokens, text + 3).mT for key in keys}
    rows = {key: lot(1, places, 2 * (1 + places)).unflatten(-1, (2, 1 + places)) for key in keys}
    means = {key: mass[..., text:].mean(-1) for key, mass in masses.items()}
    groups = {word: [i] for i, word in enumerate(WORDS)} | {EDIT: range(text, grid.tokens)}
    references = {SOURCE_TEXT: range(text), SOURCE: range(text, grid.tokens)}
    plan = AttentionPlan(groups, references, patch_queries(grid, 1))
    found = Attention(plan, text, masses, rows, means, dict.fromkeys(keys, 1))
    videos = [counting(13), counting(13, (40, 70, 190))]
    out = Edit(*videos, f'a blue {HOSTILE} 🎈 {RTL}', torch.zeros(1), source_prompt='a padding')
    return Explorer.of(out, Kept(found, grid, 1))


def mean_row(explorer, place: tuple, steps: tuple, blocks: tuple) -> np.ndarray:
    """What a place reads of all places of edit and source, mean over some steps and blocks"""
    rows = [
        explorer.kept.found.row(f'{place}', t, i)[:, 1:].numpy()
        for t in STEPS[steps[0] : steps[1] + 1]
        for i in BLOCKS[blocks[0] : blocks[1] + 1]
    ]
    return np.mean(rows, 0)


def close(found, wanted, error: float, what: str) -> None:
    """Raise `Failed` unless numbers are the same but for the rounding that the page states"""
    off = float(np.abs(np.asarray(found) - wanted).max())
    need(off <= error, f'{what} is off by {off:.2g}; the page says {error:.2g}')


def errors_of(explorer) -> dict[str, float]:
    """The largest error of each map, from what level 255 of it stands for"""
    return {name: part['highest'] / 255 for name, part in explorer.info['parts'].items()}


def js_row(page) -> list:
    """What the script says that the chosen place reads"""
    return page.evaluate(
        '() => { const row = window.explorer.row(); return [[...row.edit], [...row.source]]; }'
    )


def look_at_page(options: Namespace) -> None:
    """Open the page from a disk, without a network, and use all of it"""
    explorer = made_explorer()
    with tempfile.TemporaryDirectory() as folder, surfing(options) as surfer:
        path, page, requested = explorer.save(f'{folder}/page.html'), surfer.page, []
        need(path.stat().st_size < 8_000_000, f'the page has {path.stat().st_size} bytes')
        page.context.set_offline(True)
        page.on('request', lambda request: requested.append(request.url))
        page.goto(path.as_uri())
        until(page, f'!!document.querySelector(".ex") && {SHOWN}')
        is_text_only(page)
        surfer.picture('explorer')
        click_places(page, explorer)
        choose_words(page, explorer)
        brush(page, explorer)
        use_keys(page)
        use_controls(page)
        play(page)
        outside = [url for url in requested if not url.startswith(('file:', 'data:', 'blob:'))]
        equal(outside, [], 'what the page loads')
        dark_too(surfer)
        times = page.evaluate(CHANGES)
        took = '{median:.0f} ms, at most {longest:.0f}'.format(**times)
        print(f'     the slider is answered in {took}')
        surfer.calm()


def is_text_only(page) -> None:
    """Words that look like HTML are shown, and nothing is run"""
    need(page.title().startswith('What the edit reads'), f'the title became {page.title()!r}')
    equal(page.locator('img[src="x"]').count(), 0, 'pictures from a prompt')
    names = page.locator('.ex-words button').all_inner_texts()
    equal(names, list(WORDS), 'the words')
    marked = page.locator('.ex-words .ex-changed').all_inner_texts()
    equal(marked, ['blue', HOSTILE, '🎈', RTL], 'the words that are marked as new')


def click_places(page, explorer) -> None:
    """A click in either panel chooses a place, and the rows are those that were noted"""
    picture = page.locator('.ex-picture')
    box = picture.bounding_box()
    page.evaluate('window.explorer.set({frame: 5})')  # latent frame 2
    before = page.locator('.ex-reading').inner_text()
    for panel, (y, x) in enumerate(((1, 2), (4, 7))):
        across = (x + 0.5) / 8 * (0.5 - 2 / 644) + panel * 0.503
        at = {'x': across * box['width'], 'y': (y + 0.5) / 6 * box['height']}
        picture.click(position=at)
        equal(page.evaluate(f'{STATE}.pixel'), [y, x], 'the place that was clicked')
        wanted = mean_row(explorer, (2, y, x), (0, 3), (0, 4))
        close(js_row(page), wanted, errors_of(explorer)['rows'], 'what the place reads')
        text = page.locator('.ex-reading').inner_text()
        share = f'{wanted[1].sum():.0%}'.replace('%', ' %')
        place = f'Frame 6, row {y + 1}, column {x + 1}'
        need(text != before and place in text and share in text, f'the sentence is {text!r}')
        before = text


def choose_words(page, explorer) -> None:
    """A word's map is the one that was noted; hostile names are captions like others"""
    for number, word in ((1, 'blue'), (2, HOSTILE)):
        page.locator('.ex-words button').nth(number).click()
        pressed = page.locator('.ex-words [aria-pressed="true"]').all_inner_texts()
        equal(pressed, [word], 'the word that is chosen')
        wanted = explorer.kept.found.mass(word)[len(WORDS) :].numpy()
        found = page.evaluate('[...window.explorer.wordMap()]')
        close(found, wanted, errors_of(explorer)['words'], 'where the word acts')
        need(word in page.locator('.ex-word .ex-caption').inner_text(), 'the caption lacks it')
    page.get_by_label('What the matrix shows').select_option('1')
    need(HOSTILE in page.locator('.ex-matrix').get_attribute('aria-label'), 'the matrix stays')


def brush(page, explorer) -> None:
    """A rectangle in the matrix: means over these steps and blocks only"""
    page.evaluate('window.explorer.set({pixel: [3, 3]})')
    matrix = page.locator('.ex-matrix')
    matrix.scroll_into_view_if_needed()
    box = matrix.bounding_box()
    side = (box['height'] - 34) / 5
    page.mouse.move(box['x'] + 30 + 1.5 * side, box['y'] + 1.5 * side)
    page.mouse.down()
    page.mouse.move(box['x'] + 30 + 2.5 * side, box['y'] + 3.5 * side, steps=3)
    page.mouse.up()
    equal(page.evaluate(f'{STATE}.steps'), [1, 2], 'the steps that are brushed')
    equal(page.evaluate(f'{STATE}.blocks'), [1, 3], 'the blocks that are brushed')
    wanted = mean_row(explorer, (2, 3, 3), (1, 2), (1, 3))
    close(js_row(page), wanted, errors_of(explorer)['rows'], 'what is read in them')
    sentence = page.locator('.ex-selection').inner_text()
    table = np.array(explorer.info['tables']['source'])[1:3, 1:4]
    share = f'{table.mean():.0%}'.replace('%', ' %')
    need(f'Timesteps 500 to 300, blocks 1 to 3: {share}' in sentence, f'it says {sentence!r}')


def use_keys(page) -> None:
    """All without a pointer"""
    page.locator('.ex-picture').focus()
    for key in ('ArrowDown', 'ArrowRight', ']', 'w'):
        page.keyboard.press(key)
    state = page.evaluate(STATE)
    found = [state[name] for name in ('pixel', 'frame', 'word', 'shown')]
    equal(found, [[4, 4], 6, 3, 'word'], 'place, frame, word and view after keys')
    page.keyboard.press('3')
    equal(page.evaluate(f'{STATE}.shown'), 'source', 'what is shown after 3')
    for _ in range(9):
        page.keyboard.press('ArrowUp')
    equal(page.evaluate(f'{STATE}.pixel'), [0, 4], 'the place at the edge')
    page.locator('.ex-matrix').focus()
    page.keyboard.press('ArrowLeft')
    page.keyboard.press('Shift+ArrowUp')
    state = page.evaluate(STATE)
    equal([state['steps'], state['blocks']], [[0, 1], [1, 4]], 'the brush after keys')
    page.keyboard.press('a')
    state = page.evaluate(STATE)
    equal([state['steps'], state['blocks']], [[0, 3], [0, 4]], 'the brush after A')


def use_controls(page) -> None:
    """The menus and the slider do what the pictures do; a strip leads to its frame"""
    page.get_by_label('First step').select_option('2')
    page.get_by_label('Last step').select_option('1')
    equal(page.evaluate(f'{STATE}.steps'), [1, 1], 'the steps from the menus')
    page.get_by_label('All steps and blocks').click()
    equal(page.evaluate(f'{STATE}.steps'), [0, 3], 'the steps after All')
    page.get_by_label('Frame', exact=True).fill('12')
    equal(page.evaluate(f'{STATE}.frame'), 12, 'the frame from the slider')
    strip = page.locator('canvas.ex-strip').first
    strip.scroll_into_view_if_needed()
    strip.click(position={'x': 5, 'y': 5})
    equal(page.evaluate(f'{STATE}.frame'), 0, 'the frame of the first picture of a strip')
    page.get_by_label('What is shown over the video').select_option('3')
    equal(page.evaluate(f'{STATE}.shown'), 'none', 'what is shown')


def play(page) -> None:
    """Frames go by, and stop"""
    page.get_by_label('Play', exact=True).click()
    until(page, f'{STATE}.frame > 2')
    page.get_by_label('Pause', exact=True).click()
    before = page.evaluate(f'{STATE}.frame')
    page.wait_for_timeout(400)
    equal(page.evaluate(f'{STATE}.frame'), before, 'the frame after a pause')


def dark_too(surfer: Surfer) -> None:
    """Light and dark, both without faults that a reader with a screen reader meets"""
    page = surfer.page
    surfer.accessible('explorer', 'body')
    light = page.evaluate(LIGHT)
    page.emulate_media(color_scheme='dark')
    need(page.evaluate(LIGHT) != light, f'dark is {light}, like light')
    surfer.accessible('explorer, dark', 'body')
    page.set_viewport_size({'width': 400, 'height': 800})
    wide = page.evaluate('document.documentElement.scrollWidth')
    need(wide <= 400, f'on a page of 400 pixels something is {wide} wide')
    surfer.picture('explorer_dark')


def touch_page(options: Namespace) -> None:
    """A finger chooses a place and brushes a step"""
    with tempfile.TemporaryDirectory() as folder, surfing(options, has_touch=True) as surfer:
        page = surfer.page
        page.goto(made_explorer().save(f'{folder}/page.html').as_uri())
        until(page, f'!!document.querySelector(".ex") && {SHOWN}')
        box = page.locator('.ex-picture').bounding_box()
        page.touchscreen.tap(box['x'] + 0.1 * box['width'], box['y'] + 0.9 * box['height'])
        equal(page.evaluate(f'{STATE}.pixel'), [5, 1], 'the place under a finger')
        matrix = page.locator('.ex-matrix').bounding_box()
        page.touchscreen.tap(matrix['x'] + 35, matrix['y'] + 5)
        state = page.evaluate(STATE)
        equal([state['steps'], state['blocks']], [[0, 0], [4, 4]], 'the brush under a finger')
        surfer.calm()


def look_at_exported(options: Namespace) -> None:
    """In a notebook that nbconvert made HTML of"""
    with exported(made_explorer(), options) as (surfer, frame):
        until(frame, f'!!document.querySelector(".ex") && {SHOWN}')
        frame.locator('.ex-words button').nth(3).click()
        frame.locator('.ex-picture').press('ArrowDown')
        equal(frame.evaluate(f'{STATE}.word'), 3, 'the word after a click')
        surfer.picture('explorer_exported')
        surfer.calm()


# In a JupyterLab

FIRST = """from browser_explorer import WORDS, made_explorer
from cogvideo_ddim_edit.explorer import widget
w = widget(made_explorer())"""
READ = 'print(w.steps, w.blocks, w.frame, w.pixel, w.word == WORDS[1], w.word == WORDS[3])'
APP = """
import ipywidgets
says, go = ipywidgets.Label(), ipywidgets.Button(description='Go')
w.observe(lambda _: setattr(says, 'value', f'Python: {w.word} {w.pixel} {w.blocks}'))
go.on_click(lambda _: setattr(w, 'frame', 9))
ipywidgets.VBox([w, says, go])"""
WRITE = 'w.pixel = [1, 2]\nw.steps = [0, 1]\nw.word = WORDS[4]\nw.frame = 9'


def look_at_lab(options: Namespace) -> None:
    """What is clicked is known in Python; what Python sets is shown"""
    cells = f'{FIRST}\nw', READ, WRITE
    with jupyter(notebook_of(*cells)) as address, surfing(options) as surfer:
        page = surfer.page
        open_notebook(page, address)
        run_until(page, 0, f'!!document.querySelector(".ex") && {SHOWN}')
        page.locator('.ex-words button').nth(3).click()
        box = page.locator('.ex-picture').bounding_box()
        page.locator('.ex-picture').click(position={'x': 5, 'y': box['height'] - 5})
        page.get_by_label('Last block').select_option('2')
        page.locator('.ex-picture').press(']')
        found = output_of(page, 1).strip()
        equal(found, '[0, 3] [0, 2] 6 [5, 0] False True', 'what Python knows')
        run_cell(page, 2)
        page.get_by_text('Frame 10, row 2, column 3 reads').wait_for()
        pressed = page.locator('.ex-words [aria-pressed="true"]').all_inner_texts()
        equal(pressed, [RTL], 'the word that Python set')
        first, last = (page.get_by_label(f'{end} step').input_value() for end in ('First', 'Last'))
        equal((first, last), ('0', '1'), 'the steps that Python set')
        surfer.accessible('explorer in JupyterLab', '.ex')
        surfer.picture('explorer_lab')
        surfer.calm()


def look_at_voila(options: Namespace) -> None:
    """The same where there is no notebook to be seen, only its page"""
    from cogvideo_ddim_edit.serving import serving

    if not find_spec('voila'):
        print("     Voila is not installed (pip install 'cogvideo_ddim_edit[lab]'): not tried")
        return
    os.environ['PYTHONPATH'] = str(ROOT)
    with serving(FINDS_TOOLS + FIRST + APP) as (address, _), surfing(options) as surfer:
        page = surfer.page
        open_until(page, address, f'!!document.querySelector(".ex") && {SHOWN}')
        page.locator('.ex-words button').nth(4).click()
        box = page.locator('.ex-picture').bounding_box()
        page.locator('.ex-picture').click(position={'x': 5, 'y': box['height'] - 5})
        page.get_by_label('Last block').select_option('2')
        page.get_by_text(f'Python: {RTL} [5, 0] [0, 2]').wait_for()
        page.get_by_role('button', name='Go').click()
        page.get_by_text('Frame 10, row 6, column 1 reads').wait_for()
        surfer.accessible('explorer, by Voila', '.ex')
        surfer.picture('explorer_voila')
        surfer.calm()
