"""How well do masks of words fit? On scenes that training never saw, where the truth is known

    python tools/word_masks.py words                the masks of `cogvideo_ddim_edit.words`
    python tools/word_masks.py maps --name before   those of attention maps, `maps_mask`

Writes `nbs/results/word_masks_NAME.json`: for each scene, kind of words and words the overlap with
the truth (intersection over union)."""

import importlib
import inspect
import json
from argparse import ArgumentParser
from fractions import Fraction

import numpy as np
from project import ROOT

from cogvideo_ddim_edit.inversion import invert
from cogvideo_ddim_edit.loading import load_pipeline
from cogvideo_ddim_edit.video import Video
from cogvideo_ddim_edit.world.sampling import LEVELS, caption, sample_scene
from cogvideo_ddim_edit.world.shapes import render

FIRST_SEED = 8_400_000


def unambiguous(scene) -> bool:
    """Does every colour and shape of the caption stand for one thing alone?"""
    colors = [t.color for t in scene.things] + [scene.ground.color]
    shapes = [t.shape for t in scene.things]
    return len(set(colors)) == len(colors) and len(set(shapes)) == len(shapes)


def scenes(count: int, level: str) -> list:
    """The first scenes of a level whose words are unambiguous"""
    some = (sample_scene(FIRST_SEED + i, level) for i in range(20 * count))
    return [s for s in some if unambiguous(s)][:count]


def questions(scene, masks: np.ndarray) -> list[tuple]:
    """Kind of words, words, what they are not, and where they are"""
    thing, ground = scene.things[0], scene.ground.color
    noun = f'{thing.color} {thing.shape}'
    return [
        ('object', noun, ground, masks[0] > 0.5),
        ('color', thing.color, ground, masks[0] > 0.5),
        ('shape', thing.shape, ground, masks[0] > 0.5),
        ('background', f'{ground} background', noun, masks.sum(0) < 0.5),
    ]


def overlap(mask: np.ndarray, true: np.ndarray) -> float:
    """Intersection over union"""
    found = np.asarray(mask) > 0.5
    return float((found & true).sum() / max(1, (found | true).sum()))


def measured(pipe, word_mask, scene, level: str) -> list[dict]:
    """The overlap of every question about a scene"""
    drawn = render(scene)
    video = Video(drawn.frames, Fraction(8))
    inverts = 'inversion' in inspect.signature(word_mask).parameters
    if inverts:
        video = invert(pipe, video, caption(scene), num_inference_steps=12)
    rows = []
    for kind, words, against, true in questions(scene, drawn.masks):
        mask = word_mask(pipe, video, words, against if inverts else None, caption(scene))
        rows.append(dict(level=level, things=len(scene.things), kind=kind, words=words,
                         prompt=caption(scene), overlap=round(overlap(mask, true), 4)))
    return rows


def main():
    """Measure, print and write; scenes that are in the file already are left out"""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('module', help='of the package, with a function word_mask')
    parser.add_argument('--name', default='', help='of the result; the module, if left out')
    parser.add_argument('--count', type=int, default=8, help='scenes of each level')
    args = parser.parse_args()
    path = ROOT / 'nbs' / 'results' / f'word_masks_{args.name or args.module}.json'
    rows = json.loads(path.read_text(encoding='utf-8')) if path.exists() else []
    known = {(row['level'], row['prompt']) for row in rows}
    module = importlib.import_module(f'cogvideo_ddim_edit.{args.module}')
    word_mask = getattr(module, 'word_mask', None) or module.maps_mask
    pipe = load_pipeline()
    pipe.set_progress_bar_config(disable=True)
    drawn = {level: scenes(args.count, level) for level in LEVELS}
    for i in range(args.count):
        for level in LEVELS:
            scene = drawn[level][i]
            if (level, caption(scene)) in known:
                continue
            rows += measured(pipe, word_mask, scene, level)
            found = [f'{r["kind"]} {r["overlap"]:.2f}' for r in rows[-4:]]
            print(*found, caption(scene), flush=True)
            text = json.dumps(rows, indent=0, ensure_ascii=False)
            path.write_text(text + '\n', encoding='utf-8')
    for kind in dict.fromkeys(r['kind'] for r in rows):
        print(kind, f'{np.mean([r["overlap"] for r in rows if r["kind"] == kind]):.3f}')


if __name__ == '__main__':
    main()
