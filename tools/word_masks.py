"""How well do masks of words fit? On scenes that training never saw, where the truth is known

    python tools/word_masks.py words     the masks of `cogvideo_ddim_edit.words`
    python tools/word_masks.py before    those of attention maps, as they were before

Writes `nbs/results/word_masks_NAME.json`: for each scene, kind of words and words the overlap with
the truth (intersection over union). Scenes that are in the file are not measured again."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from fractions import Fraction
from itertools import islice

import numpy as np
import torch
from project import ROOT, embedded_pipeline

from cogvideo_ddim_edit.inversion import invert
from cogvideo_ddim_edit.maps import contrast, spread_map, word_maps
from cogvideo_ddim_edit.masks import otsu, soft_mask
from cogvideo_ddim_edit.video import Video
from cogvideo_ddim_edit.words import word_mask
from cogvideo_ddim_edit.world.reading_scenes import overlap
from cogvideo_ddim_edit.world.sampling import LEVELS, caption, sample_scene
from cogvideo_ddim_edit.world.shapes import render

FIRST_SEED = 8_400_000
TWO = 'two things'  # Scenes of the level 'wide' that have two


def unambiguous(scene) -> bool:
    """Does every colour and shape of the caption stand for one thing alone?"""
    colors = [t.color for t in scene.things] + [scene.ground.color]
    shapes = [t.shape for t in scene.things]
    return len(set(colors)) == len(colors) and len(set(shapes)) == len(shapes)


def scenes(count: int, level: str) -> list:
    """The first scenes of a level whose words are unambiguous"""
    drawn, seed = ('wide', FIRST_SEED + 100_000) if level == TWO else (level, FIRST_SEED)
    some = (sample_scene(seed + i, drawn) for i in range(200 * count))
    some = (s for s in some if unambiguous(s) and (level != TWO or len(s.things) == 2))
    return list(islice(some, count))


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


def by_words(pipe, video: Video, prompt: str) -> Callable:
    """Masks of the package, which are not told what the words are not"""

    def ask(words: str, against: str) -> torch.Tensor:
        return word_mask(pipe, video, words, prompt=prompt)

    return ask


def by_maps(pipe, video: Video, prompt: str) -> Callable:
    """Masks of attention maps, which `word_mask` replaced: contrast, spread, Otsu's threshold"""
    inversion = invert(pipe, video, prompt, num_inference_steps=12)

    def ask(words: str, against: str) -> torch.Tensor:
        maps = word_maps(pipe, inversion, [words, against])
        found = contrast(maps, words, against)
        found = maps.pixels(spread_map(pipe, inversion, found, timesteps=maps.timesteps))
        return soft_mask((found - otsu(found)).clamp(min=0), grow=0)

    return ask


METHODS = {'words': by_words, 'before': by_maps}


def measured(pipe, method, scene, level: str) -> list[dict]:
    """The overlap of every question about a scene"""
    drawn, prompt, rows = render(scene), caption(scene), []
    ask = method(pipe, Video(drawn.frames, Fraction(8)), prompt)
    for kind, words, against, true in questions(scene, drawn.masks):
        found = overlap(np.asarray(ask(words, against)) > 0.5, true)
        rows.append(
            dict(
                level=level,
                things=len(scene.things),
                kind=kind,
                words=words,
                prompt=prompt,
                overlap=round(found, 4),
            )
        )
    return rows


def main():
    """Measure, print and write; scenes that are in the file already are left out"""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('method', choices=METHODS)
    parser.add_argument('--count', type=int, default=8, help='scenes of each level')
    args = parser.parse_args()
    path = ROOT / 'nbs' / 'results' / f'word_masks_{args.method}.json'
    rows = json.loads(path.read_text(encoding='utf-8')) if path.exists() else []
    known = {(row['level'], row['prompt']) for row in rows}
    pipe = embedded_pipeline()
    levels = (*LEVELS, TWO)
    drawn = {level: scenes(args.count, level) for level in levels}
    for i in range(args.count):
        for level in levels:
            scene = drawn[level][i]
            if (level, caption(scene)) in known:
                continue
            rows += measured(pipe, METHODS[args.method], scene, level)
            found = [f'{r["kind"]} {r["overlap"]:.2f}' for r in rows[-4:]]
            print(*found, caption(scene), flush=True)
            text = json.dumps(rows, indent=0, ensure_ascii=False)
            path.write_text(text + '\n', encoding='utf-8')
    for kind in dict.fromkeys(r['kind'] for r in rows):
        print(kind, f'{np.mean([r["overlap"] for r in rows if r["kind"] == kind]):.3f}')


if __name__ == '__main__':
    main()
