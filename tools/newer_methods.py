"""What are the newer presets worth where the answer is known? Adds to nbs/results/newer.jsonl

    python tools/newer_methods.py                      8 videos for every question and way
    python tools/newer_methods.py --videos 12 --only motion joint
    python tools/newer_methods.py --table              only print what is there
    python tools/newer_methods.py --picture            only draw nbs/images/newer_motion.png

Five questions: does an edit hold in longer videos (`length`), beside a second thing (`things`); are
two changes better asked for at once or one after the other (`joint`); can a motion change
(`motion`); does a mask of strengths help (`strength`)? A run that was stopped goes on where it was.
One thread, the embedded model."""

import hashlib
import json
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from project import ROOT, embedded_pipeline
from skimage.color import rgb2lab

from cogvideo_ddim_edit.injection import Injection
from cogvideo_ddim_edit.outside import keep_unchanged
from cogvideo_ddim_edit.metrics import dilate, psnr
from cogvideo_ddim_edit.presets import PRESETS, preset_with
from cogvideo_ddim_edit.reconstruction import edit
from cogvideo_ddim_edit.settings import markdown_table
from cogvideo_ddim_edit.video import Video
from cogvideo_ddim_edit.world.benchmark import percent
from cogvideo_ddim_edit.world.methods import person_mask
from cogvideo_ddim_edit.world.pairs import KINDS, Pair, change, make_pair
from cogvideo_ddim_edit.world.rows import PASTED, add_row, key_of, rows_in, through, verdict
from cogvideo_ddim_edit.world.sampling import caption, sample_scene
from cogvideo_ddim_edit.world.score import wilson
from cogvideo_ddim_edit.world.shapes import changed, render

SEED = 5_700_000
GREY = 0.6  # Strength of a grey mask outside of what changes
CLOSE = 25.0  # CIE Lab: still the colour of a thing
FAR = 8.0  # Pixels: a thing has moved


@dataclass(frozen=True)
class Way:
    """A way to edit: a preset with changes, in one go or in two, with a mask or without"""

    preset: str = 'default'
    changes: Mapping = field(default_factory=dict)
    in_two: bool = False  # one change after the other?
    outside: float | None = None  # strength of the mask outside of what changes; None: no mask

    @property
    def code(self) -> str:
        """Everything that decides what comes out, in short"""
        settings = preset_with(self.preset, dict(self.changes)).as_dict()
        text = json.dumps([settings, self.in_two, self.outside], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


FREE = dict(injection=Injection(weight=0.0))
DEEP = replace(PRESETS['ditctrl'].edit.injection, layers=(0.5, 1.0))
FLOWS = {name: Way(name) for name in ('flow', 'flowalign', 'flowanchor')}
WAYS = {
    'length': FLOWS,
    'things': {name: Way(name) for name in ('default', 'consistedit', 'krnr')}
    | {'ditctrl': Way('ditctrl', dict(injection=DEEP, num_inference_steps=12))}
    | FLOWS,
    'joint': {'at once': Way(), 'in two': Way(in_two=True)},
    'motion': {
        'motion': Way('motion'),
        'flow, whole path': Way('flow', dict(strength=1.0)),
        'default': Way(),
        'no source at all': Way(changes=FREE | dict(start='noise')),
    },
    'strength': {
        'no mask': Way(),
        'mask': Way(outside=0.0),
        'grey mask': Way(outside=GREY),
    },
}
CELLS = {'length': (9, 17, 33)}
KEY = ('question', 'cell', 'way', 'number', 'code')  # makes a row the same row


def drawn_pair(question: str, cell: int, number: int) -> Pair:
    """The video and the answer of a question"""
    if question == 'motion':
        return motion_pair(number)
    if question == 'things':
        return make_pair('two', 40 + number)
    if question != 'length':
        kinds = {'joint': 3, 'strength': number % 2}
        return make_pair('near', 160 + 4 * number + kinds[question])
    rng, answer, kind = np.random.default_rng([SEED, cell, number]), None, KINDS[number % 3]
    while answer is None:
        scene = sample_scene(rng, 'first', frames=cell)
        answer = change(rng, scene, kind, exact=True)
    return pair_of(scene, answer, kind, number)


def pair_of(scene, answer, kind: str, number: int) -> Pair:
    """Two scenes, drawn and described"""
    words = caption(scene), caption(answer)
    return Pair(render(scene), render(answer), *words, kind, 'first', 'test', number)


def motion_pair(number: int) -> Pair:
    """A thing that goes from side to side, and the same video backwards"""
    rng = np.random.default_rng([SEED + 1, number])
    while True:
        scene = sample_scene(rng, 'first')
        motion = scene.things[0].motion
        if motion in ('left', 'right'):
            break
    other = {'left': 'right', 'right': 'left'}[motion]
    back = changed(scene, 0, motion=other, path=scene.things[0].path[::-1])
    return pair_of(scene, back, 'motion', number)


def halfway(pair: Pair) -> str:
    """The prompt with the colour changed and the shape not yet"""
    before, after = pair.source.scene.things[0], pair.answer.scene.things[0]
    return caption(
        changed(pair.source.scene, 0, color=after.color, rgb=after.rgb, motion=before.motion)
    )


def mask_of(pair: Pair, outside: float) -> np.ndarray:
    """1 where something changes and `outside` elsewhere"""
    return np.maximum(person_mask(pair), outside)


def edited(pipe, way: Way, pair: Pair) -> np.ndarray:
    """The frames of an edit, nothing pasted"""
    how = dict(way.changes) | dict(
        keep_below=0.0, check='none', preset=way.preset, seed=pair.number
    )
    if way.outside is not None:
        how['mask'] = mask_of(pair, way.outside)
    frames, shown = pair.source.frames, pair.source_prompt
    prompts = [halfway(pair), pair.prompt] if way.in_two else [pair.prompt]
    for prompt in prompts:
        frames = edit(pipe, Video(frames), prompt, source_prompt=shown, **how).video.frames
        shown = prompt
    return frames


def moves(frames: np.ndarray, pair: Pair) -> dict:
    """How far the thing goes in the direction that was asked for, and what else there is"""
    thing = pair.answer.scene.things[0]
    near = np.linalg.norm(rgb2lab(frames) - rgb2lab(np.array(thing.rgb)), axis=-1) < CLOSE
    area = near.sum((1, 2))
    true = pair.answer.mask.sum((1, 2))
    x = [np.nonzero(seen)[1].mean() if seen.any() else np.nan for seen in near]
    ahead = {'right': 1, 'left': -1}[thing.motion] * (x[-1] - x[0])
    bare = ~dilate((pair.source.mask > 0) | (pair.answer.mask > 0))
    whole = bool(((area > 0.5 * true) & (area < 2 * true)).all())
    ground = psnr(frames, pair.source.frames, bare)
    found = dict(passes=bool(whole and ahead > FAR), ahead=ahead, whole=whole, ground_psnr=ground)
    return {name: x if isinstance(x, bool) else round(float(x), 3) for name, x in found.items()}


def edited_row(pipe, question: str, cell: int, name: str, pair: Pair, trips: list) -> dict:
    """One row"""
    way, start = WAYS[question][name], time.process_time()
    frames = edited(pipe, way, pair)
    row = dict(question=question, cell=cell, way=name, number=pair.number, kind=pair.kind)
    row |= dict(code=way.code, seconds=round(time.process_time() - start, 1))
    if question == 'motion':
        return row | dict(raw=moves(frames, pair))
    pasted = keep_unchanged(frames, trips[1], pair.source.frames, PASTED)
    return row | dict(raw=verdict(frames, pair, trips[0]), pasted=verdict(pasted, pair, trips[0]))


def read(path: Path) -> list[dict]:
    """Rows that are there and still what would be made"""
    known = {(q, name): way.code for q, ways in WAYS.items() for name, way in ways.items()}
    rows = rows_in(path)
    return [row for row in rows if known.get((row['question'], row['way'])) == row['code']]


def wanted(videos: range, questions: list[str]) -> Iterator[tuple[str, int, int]]:
    """Question, cell and number, the first videos of all questions first"""
    for number in videos:
        for question in questions:
            for cell in CELLS.get(question, (9,)):
                yield question, cell, number


def run(path: Path, videos: range, questions: list[str]) -> None:
    """Make the rows that are not there yet; leave out those of settings that have changed"""
    pipe, rows = embedded_pipeline(), read(path)
    path.write_text(''.join(json.dumps(row) + '\n' for row in rows), encoding='utf-8')
    there = {key_of(row, KEY) for row in rows}
    for question, cell, number in wanted(videos, questions):
        pair = drawn_pair(question, cell, number)
        keys = {n: (question, cell, n, pair.number, way.code) for n, way in WAYS[question].items()}
        todo = [name for name, key in keys.items() if key not in there]
        if not todo:
            continue
        trips = [through(pipe, x.frames) for x in (pair.answer, pair.source)]
        for name in todo:
            row = edited_row(pipe, question, cell, name, pair, trips)
            add_row(path, row)
            print(question, cell, number, name, row['raw']['passes'], row['seconds'], flush=True)


def table(rows: list[dict]) -> str:
    """Shares that pass, with their 95 % intervals, as Markdown"""
    found = {}
    for row in rows:
        best = row.get('pasted', row['raw'])['passes']
        found.setdefault((row['question'], row['cell'], row['way']), []).append(best)
    lines = []
    for key, passed in found.items():
        share = percent((np.mean(passed), *wilson(sum(passed), len(passed))))
        lines.append((*key, share, len(passed)))
    return markdown_table(('question', 'frames', 'way', 'pass (95 %)', 'of'), lines)


def draw_motion(path: Path) -> None:
    """Strips of frames: a video, the same backwards, and three edits of its motion"""
    import matplotlib.pyplot as plt

    pipe, pair = embedded_pipeline(), motion_pair(1)
    shown = {'source': pair.source.frames, 'backwards': pair.answer.frames}
    ways = {'motion': Way('motion'), 'flow': Way('flow')}
    ways['flow, whole path'] = WAYS['motion']['flow, whole path']
    shown |= {name: edited(pipe, way, pair) for name, way in ways.items()}
    fig, axes = plt.subplots(len(shown), 5, figsize=(5, 4.6), dpi=72, layout='constrained')
    for line, (title, frames) in zip(axes, shown.items(), strict=True):
        for ax, frame in zip(line, frames[::2], strict=True):
            ax.imshow(frame)
            ax.set(xticks=[], yticks=[])
        line[0].set_ylabel(title, rotation=0, ha='right', va='center', fontsize=8)
    fig.savefig(path, metadata={'Software': None})


def main() -> None:
    """Run, then print the table"""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument('--videos', type=int, default=8, help='of each question')
    parser.add_argument('--first', type=int, default=0, help='number to begin with')
    parser.add_argument('--only', nargs='+', default=list(WAYS), choices=WAYS)
    parser.add_argument('--output', type=Path, default=ROOT / 'nbs' / 'results' / 'newer.jsonl')
    parser.add_argument('--table', action='store_true', help='run nothing')
    parser.add_argument('--picture', action='store_true', help='draw edits of a motion')
    given = parser.parse_args()
    if given.picture:
        draw_motion(ROOT / 'nbs' / 'images' / 'newer_motion.png')
        return
    if not given.table:
        run(given.output, range(given.first, given.videos), given.only)
    print(table(read(given.output)))


if __name__ == '__main__':
    main()
