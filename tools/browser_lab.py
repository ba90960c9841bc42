"""Does the lab work in a real browser? Driven by `python tools/browser.py lab lab_again`

`lab`, in a JupyterLab of its own: controls, painting, Cancel, edits, history, odd texts, an upload.
Without `--quick` also twenty cancelled runs, and the notebook as HTML. `lab_again`: a second tab on
the same kernel, a restart of it, and the page that `cogvideo-ddim-edit lab` serves."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from browser import (
    ODD,
    SECONDS,
    Surfer,
    equal,
    holds,
    jupyter,
    need,
    open_notebook,
    open_until,
    run_cell,
    run_until,
    surfing,
    until,
)
from project import NBS, ROOT, cells

BAR = '.lab progress'
FRAMES = 'document.querySelector(".lab .mk-canvas").dataset.frame'
ALL_THERE = """() => {
  const count = what => document.querySelectorAll(`.lab ${what}`).length;
  const parts = ['.ab-canvas', '.sc-field', '.mk-canvas', '.copy-button'];
  return parts.every(part => count(part) === 1) && count('.sc-steps button') > 1; // else it is deaf
}"""
PRESS_CANCEL = """() => {
  const lab = document.querySelector('.lab'), bar = () => lab.querySelector('progress');
  window.steps = [];
  new MutationObserver(() => { if (bar()) window.steps.push(bar().value); })
    .observe(lab, {subtree: true, childList: true});
  const step = bar().value;
  [...lab.querySelectorAll('button')].find(button => button.textContent === 'Cancel').click();
  return step;
}"""


def drive(options: Namespace) -> None:
    """All on one page, or what of it is quick"""
    with jupyter(notebook()) as address, surfing(options) as surfer:
        in_jupyterlab(surfer, address)
        if not options.quick:
            cancel_often(surfer.page)
    if not options.quick:
        without_kernel(options)


def drive_again(options: Namespace) -> None:
    """Another tab, another kernel, another server"""
    with jupyter(notebook()) as address, surfing(options) as surfer:
        open_lab(surfer.page, address)
        press(surfer.page, 'Inversion')
        fill(surfer.page, 'num_inference_steps', '4')
        second_tab(surfer, address)
        restart(surfer)
    with tempfile.TemporaryDirectory() as folder:
        without_notebook(options, Path(folder))


def open_lab(page, address: str) -> None:
    """The notebook, and the lab in it"""
    open_notebook(page, address)
    show_lab(page)


def in_jupyterlab(surfer: Surfer, address: str) -> None:
    """What a person does on the page"""
    page = surfer.page
    open_lab(page, address)
    change_settings(page)
    paint_schedule(page)
    surfer.picture('lab_schedule')
    paint_mask(page)
    surfer.picture('lab_mask')
    cancel(page)
    make_edits(page)
    surfer.picture('lab', '.lab')
    surfer.accessible('lab', '.lab')
    type_odd_prompts(page)
    upload(page)
    surfer.picture('lab_upload', '.lab')
    surfer.calm()


def environment() -> dict[str, str]:
    """That of programs which use this package"""
    return os.environ | {'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1', 'HF_HUB_OFFLINE': '1'}


def notebook() -> dict:
    """The cells of nbs/lab.ipynb that show the lab, and one that asks the kernel something"""
    from cogvideo_ddim_edit.serving import lab_notebook

    shown = [text for text in map(source_of, cells(NBS / 'lab.ipynb')) if text]
    found = lab_notebook('\n'.join(shown))
    found['cells'].append(found['cells'][0] | {'id': 'ask', 'source': '6*7'})
    return found


def source_of(cell: dict) -> str:
    """The code of a cell that is shown and not run; '' if it is none"""
    flag = '#| eval: false\n'
    return cell['source'].removeprefix(flag) if cell['source'].startswith(flag) else ''


def show_lab(page) -> None:
    """Run the cell that shows the lab, until all of it is there"""
    run_until(page, 0, ALL_THERE)


# Controls


def box_of(page, label: str):
    """The control with this name"""
    return page.locator('.lab').get_by_label(label, exact=True)


def fill(page, label: str, value: str) -> None:
    """Give a control a value"""
    control = box_of(page, label)
    control.fill(value)
    control.press('Tab')


def cost(page) -> str:
    """What the lab says that an edit costs"""
    return page.locator('.lab p', has_text='calls of the transformer').inner_text()


def press(page, name: str) -> None:
    """Press a button of the lab"""
    page.locator('.lab').get_by_role('button', name=name, exact=True).click()


def cost_changes(page, before: str) -> None:
    """Wait until another cost is shown"""
    until(page, f'!document.querySelector(".lab").innerText.includes({json.dumps(before)})')


def change_settings(page) -> None:
    """More steps cost more and make the schedule wider; a slider; an error is a sentence"""
    press(page, 'Inversion')
    press(page, 'Edit settings')
    more_steps(page)
    move_slider(page)
    fill(page, 'guidance_scale', '-1')
    page.locator('.lab-message', has_text='guidance_scale is -1').wait_for()
    fill(page, 'guidance_scale', '7')
    page.locator('.lab-message', has_text='guidance_scale is -1').wait_for(state='detached')


def more_steps(page) -> None:
    """A number that is typed reaches the kernel, and its answer the page"""
    before = cost(page)
    fill(page, 'num_inference_steps', '40')
    until(page, 'document.querySelectorAll(".sc-steps button").length === 40')
    cost_changes(page, before)


def move_slider(page) -> None:
    """Without guidance in the steps, an edit costs less; and how long the answer takes"""
    before = cost(page)
    slider = page.locator('.lab .widget-slider', has_text='guidance_interval')
    handle = slider.locator('.noUi-handle').last
    handle.focus()
    start = time.monotonic()
    page.keyboard.press('Home')
    cost_changes(page, before)
    print(f'     a slider has its answer after {1000 * (time.monotonic() - start):.0f} ms')
    need('0.00' in slider.inner_text(), f'the slider says {slider.inner_text()!r}')
    fewer = cost(page)
    handle.focus()
    page.keyboard.press('End')
    cost_changes(page, fewer)


# Painting


def pressed(page, kind: str) -> list[int]:
    """The steps or blocks that are painted"""
    return page.evaluate(
        'kind => [...document.querySelectorAll(`.sc-${kind}s [aria-pressed="true"]`)]'
        '.map(button => +button.dataset.number)',
        kind,
    )


def paint_schedule(page) -> None:
    """A rectangle in the field, then numbers by pointer and by keyboard"""
    field = page.locator('.sc-field')
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    across, down = box['width'] / 40, box['height'] / 8
    page.mouse.move(box['x'] + 4.5 * across, box['y'] + 2.5 * down)
    page.mouse.down()
    page.mouse.move(box['x'] + 9.5 * across, box['y'] + 5.5 * down, steps=4)
    page.mouse.up()
    equal(pressed(page, 'step'), list(range(4, 10)), 'the steps that were painted')
    equal(pressed(page, 'layer'), list(range(2, 6)), 'the blocks that were painted')
    page.locator('.sc-steps button').nth(4).click()
    equal(pressed(page, 'step'), list(range(5, 10)), 'the steps after a click')
    page.locator('.sc-layers button').first.focus()
    page.keyboard.press('ArrowDown')
    page.keyboard.press(' ')
    equal(pressed(page, 'layer'), list(range(1, 6)), 'the blocks after a key')


def orange(page) -> int:
    """How many pixels of the canvas are painted on"""
    return page.evaluate("""() => {
      const canvas = document.querySelector('.lab .mk-canvas');
      const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      let count = 0;
      for (let i = 0; i < data.length; i += 4) if (data[i] > data[i + 2] + 90) count++;
      return count;
    }""")


def paint_mask(page) -> None:
    """Paint, erase, undo, by pointer and by keyboard, on two frames"""
    box_of(page, 'mask').select_option('painted')
    hint = page.locator('.lab-message', has_text='nothing is painted yet').first
    hint.wait_for()
    canvas = page.locator('.lab .mk-canvas')
    canvas.scroll_into_view_if_needed()
    until(page, f'{FRAMES} === "0"')
    before, box = orange(page), canvas.bounding_box()
    middle = box['x'] + box['width'] / 2, box['y'] + box['height'] / 2
    page.mouse.move(middle[0] - 60, middle[1])
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1], steps=5)
    page.mouse.up()
    painted = orange(page)
    need(painted > before + 5000, f'of the canvas {painted} pixels are painted, before {before}')
    hint.wait_for(state='detached')
    erase_and_undo(page, painted)
    canvas.focus()
    page.keyboard.press('PageDown')
    until(page, f'{FRAMES} === "1"')
    for _ in range(8):
        page.keyboard.press('PageDown')
    page.keyboard.press(' ')
    need('1 strokes' in canvas.get_attribute('aria-label'), 'Space does not paint')


def erase_and_undo(page, painted: int) -> None:
    """A hole, and none again"""
    press(page, 'Erase')
    page.locator('.lab .mk-canvas').click()
    need(orange(page) < painted - 500, 'erasing leaves what was painted')
    press(page, 'Undo')
    equal(orange(page), painted, 'what is painted after Undo')
    press(page, 'Clear this frame')
    press(page, 'Undo')
    equal(orange(page), painted, 'what is painted after a cleared frame came back')
    erase_elsewhere(page)
    press(page, 'Paint')


def erase_elsewhere(page) -> None:
    """A hole in what a later frame shows of the first leaves the rest of it"""
    canvas = page.locator('.lab .mk-canvas')
    page.get_by_label('Frame to paint on').fill('3')
    canvas.click()
    need('2 strokes' in canvas.get_attribute('aria-label'), 'erasing takes all that a frame shows')
    press(page, 'Undo')
    page.get_by_label('Frame to paint on').fill('0')


# Runs


def idle(page) -> None:
    """Wait until nothing runs"""
    page.locator(BAR).wait_for(state='detached')
    until(
        page,
        '![...document.querySelectorAll(".lab button")].find(b => b.textContent === '
        '"Edit").disabled',
    )


def cancel(page) -> None:
    """The kernel answers during a run, which stops within a step when it is cancelled"""
    press(page, 'Edit')
    page.get_by_text('Inverting, step').wait_for()
    run_cell(page, 1)
    page.locator('.jp-CodeCell').nth(1).locator('.jp-OutputArea-output').wait_for()
    page.locator('.lab img[alt^="What the model expects"]').wait_for()
    need(page.locator(BAR).is_visible(), 'the run ended before the kernel answered')
    cancel_once(page)
    equal(box_of(page, 'edits').locator('option').count(), 0, 'edits after a cancelled run')


def cancel_once(page) -> None:
    """Press Cancel; the run ends within a step"""
    at = page.evaluate(PRESS_CANCEL)
    page.locator('.lab-message', has_text='Cancelled.').wait_for()
    last = max(page.evaluate('window.steps'), default=at)
    # one step may have ended when the page had not heard of it, one was on its way
    need(last <= at + 2, f'cancelled in step {at}, it went on to step {last}')
    idle(page)


def cancel_often(page) -> None:
    """Twenty runs, each cancelled; the next one is as good as any"""
    history = box_of(page, 'edits').locator('option')
    before = history.count()
    fill(page, 'num_inference_steps', '40')
    for number in range(20):
        fill(page, 'seed of noise', str(100 + number))
        press(page, 'Edit')
        page.locator(BAR).wait_for()
        cancel_once(page)
    equal(history.count(), before, 'edits after twenty cancelled runs')
    fill(page, 'num_inference_steps', '4')
    press(page, 'Edit')
    history.nth(before).wait_for(state='attached')
    idle(page)


def make_edits(page) -> None:
    """Two edits in the history, both in the player, and how to make them again"""
    fill(page, 'num_inference_steps', '4')
    fill(page, 'refinement', '(2,)')
    history = box_of(page, 'edits').locator('option')
    for number in (1, 2):
        fill(page, 'seed of noise', str(number))
        press(page, 'Edit')
        history.nth(number - 1).wait_for(state='attached')
        idle(page)
    second = history.nth(1).inner_text().replace('\xa0', ' ')
    need('(seed 2)' in second, f'the history says {second!r}')
    box_of(page, 'beside it').select_option(index=1)
    shown = '".lab .ab select[title=\\"Video on the right\\"]"'
    until(page, f'document.querySelector({shown})?.length === 3')
    names = page.get_by_label('Video on the right').locator('option').all_inner_texts()
    equal(names, ['edit 2', 'edit 1', 'the true answer'], 'the player')
    compare(page)
    need('seed=2' in box_of(page, 'recipe').input_value(), 'the recipe has another seed')
    box_of(page, 'copy as').select_option('command')
    until(page, some_text('--config='))
    box_of(page, 'copy as').select_option('record')
    until(page, some_text('"seed": 2'))


def some_text(words: str) -> str:
    """Is there a text box with these words? For the page to answer"""
    boxes = '[...document.querySelectorAll(".lab textarea")]'
    return f'{boxes}.some(t => t.value.includes({json.dumps(words)}))'


def compare(page) -> None:
    """Keys, Tab and the wipe of the player"""
    canvas = page.locator('.lab canvas.ab-canvas')
    canvas.focus()
    page.keyboard.press('4')
    page.keyboard.press('Tab')
    mode = page.get_by_label('How the two are compared').input_value()
    right = page.get_by_label('Video on the right').input_value()
    equal((mode, right), ('difference', '2'), 'mode and video after the keys')
    page.keyboard.press('1')
    box = canvas.bounding_box()
    page.mouse.move(box['x'] + box['width'] / 4, box['y'] + 40)
    wipe = page.get_by_label('Where the wipe is, or how much of each').input_value()
    need(abs(float(wipe) - 0.25) < 0.03, f'the wipe is at {wipe}, the pointer at 0.25')


# Texts and files


def type_odd_prompts(page) -> None:
    """Texts of 5,000 characters, scripts, quotes, emoji and Hebrew are shown, not run"""
    title = page.title()
    need(len(ODD) > 5000, 'the odd prompt is short')
    fill(page, 'edit', ODD)
    page.locator('.lab mark', has_text='<script>').first.wait_for()
    shown = page.locator('.lab-words').inner_text()
    need('🎈' in shown and 'שלום' in shown, 'the odd prompt is not shown')
    equal(page.title(), title, 'the title')
    equal(page.locator('.lab img[src="x"]').count(), 0, 'pictures from a prompt')


def upload(page) -> None:
    """A file becomes the video, its name the prompt; what is no video is a sentence"""
    from cogvideo_ddim_edit.video import sample

    choose_file(page, dict(name='a <b>ball</b>.mp4', mimeType='video/mp4', buffer=b'no video'))
    page.locator('.lab-message', has_text='.mp4').wait_for()
    choose_file(page, str(sample('blue_square')))
    until(
        page,
        '[...document.querySelectorAll(".lab textarea")].some(t => t.value === "blue square")',
    )
    hint = page.locator('.lab-message', has_text='nothing is painted yet').first
    hint.wait_for()  # what was painted was of another video
    box_of(page, 'mask').select_option(label="the preset's")
    hint.wait_for(state='detached')


def choose_file(page, file: str | dict) -> None:
    """Upload a file as a person does"""
    with page.expect_file_chooser() as chooser:
        page.locator('.lab button.widget-upload', has_text='Upload a video').click()
    chooser.value.set_files(file)


# The same kernel from another tab, and another kernel


def saved_lab(page, address: str) -> bool:
    """Is the lab in the notebook that the server has?"""
    contents = address.replace('/doc/tree/', '/api/contents/')
    found = page.request.get(contents)
    if not found.ok:  # it is being written
        return False
    outputs = found.json()['content']['cells'][0]['outputs']
    return any('widget-view' in kind for output in outputs for kind in output.get('data', ()))


def second_tab(surfer: Surfer, address: str) -> None:
    """Two tabs on one kernel show and run the same"""
    page = surfer.page
    page.locator('.jp-CodeCell').nth(1).locator('.cm-content').click()
    page.keyboard.press('Control+s')  # the second tab reads the notebook from the disk
    need(holds(lambda: saved_lab(page, address)), 'the notebook is not saved')
    other = page.context.new_page()
    open_until(other, address, ALL_THERE)
    fill(page, 'edit', 'a green square')
    until(other, some_text('a green square'))
    before = box_of(other, 'edits').locator('option').count()
    press(other, 'Edit')
    page.locator(BAR).wait_for()
    need(page.locator('.lab button', has_text='Invert and check').is_disabled(), 'two runs at once')
    for tab in (page, other):
        box_of(tab, 'edits').locator('option').nth(before).wait_for(state='attached')
    idle(page)
    other.close()


def restart(surfer: Surfer) -> None:
    """After the kernel was restarted during a run, the lab is there again with all edits"""
    page = surfer.page
    before = box_of(page, 'edits').locator('option').count()
    fill(page, 'num_inference_steps', '40')
    press(page, 'Edit')
    page.locator(BAR).wait_for()
    page.locator('.jp-NotebookPanel-toolbar [data-command="notebook:restart-kernel"]').click()
    page.locator('.jp-Dialog .jp-mod-accept').click()
    page.locator('.jp-Dialog').wait_for(state='detached')
    run_cell(page, 1)  # widgets that are made before JupyterLab is connected again stay deaf
    page.locator('.jp-CodeCell').nth(1).get_by_text('42').wait_for()
    show_lab(page)
    page.locator(BAR).wait_for(state='detached')
    kept = min(before, 8)  # so many are read again
    equal(box_of(page, 'edits').locator('option').count(), kept, 'edits after a restart')
    press(page, 'Inversion')
    more_steps(page)
    surfer.picture('lab_restarted', '.lab')


# The command, and the notebook as a page


def without_notebook(options: Namespace, folder: Path) -> None:
    """The page of `cogvideo-ddim-edit lab`, for those with the token"""
    if not find_spec('voila'):
        print("     Voila is not installed (pip install 'cogvideo_ddim_edit[lab]'): not tried")
        return
    with command(folder) as address, surfing(options) as surfer:
        page = surfer.page
        bare = address.partition('?')[0]
        need('.lab' not in page.request.get(bare).text(), 'the page is there without its token')
        open_until(page, address, ALL_THERE)
        press(page, 'Inversion')
        paint_mask(page)
        fill(page, 'num_inference_steps', '4')
        press(page, 'Edit')
        history = box_of(page, 'edits').locator('option')
        history.nth(0).wait_for(state='attached')
        idle(page)
        surfer.picture('lab_voila', '.lab')
        surfer.accessible('lab, by Voila', '.lab')
        surfer.calm()


@contextmanager
def command(folder: Path) -> Iterator[str]:
    """The address that the command says; Ctrl-C must end it"""
    run = 'import sys; from cogvideo_ddim_edit.cli import main; sys.exit(main())'
    words = ['lab', '--no-browser', '--output_path', str(folder / 'voila')]
    process = subprocess.Popen(
        [sys.executable, '-c', run, *words], env=environment(), text=True, stderr=subprocess.PIPE
    )
    address, lines = '', []
    while not address:
        lines.append(process.stderr.readline())
        need(lines[-1] or process.poll() is None, ''.join(lines))
        address = ''.join(re.findall(r'http://\S+token=\S+', lines[-1]))
    try:
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        status = process.wait(SECONDS)
    equal(status, 0, 'the exit status after Ctrl-C')


def without_kernel(options: Namespace) -> None:
    """nbs/lab.ipynb as HTML shows the picture in place of the widgets"""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(embed_images=True)
    html, _ = exporter.from_filename(str(NBS / 'lab.ipynb'))
    with tempfile.TemporaryDirectory() as folder, surfing(options) as surfer:
        path = Path(folder) / 'lab.html'
        path.write_text(html, encoding='utf-8')
        surfer.page.route('http*://**', lambda route: route.abort())  # there may be no network
        surfer.page.goto(path.as_uri(), wait_until='domcontentloaded')
        until(surfer.page, 'document.querySelector("img[alt^=\\"The lab\\"]").naturalWidth > 300')
        surfer.picture('lab_html')
