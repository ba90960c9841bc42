"""Write the videos that ship with the package: `python tools/make_samples.py [FOLDER]`

What they show is described in `samples.json` beside this file, number by number."""

import json
import sys
from pathlib import Path

from cogvideo_ddim_edit.video import read_video, write_mp4
from cogvideo_ddim_edit.world.sampling import caption
from cogvideo_ddim_edit.world.score import judge
from cogvideo_ddim_edit.world.shapes import Ground, Scene, Thing, render
from project import PACKAGE, TOOLS

FPS = 8


def scenes() -> dict[str, Scene]:
    """The described scenes by name"""
    described = json.loads((TOOLS / 'samples.json').read_text(encoding='utf-8'))
    return {name: scene_of(numbers) for name, numbers in described.items()}


def scene_of(numbers: dict) -> Scene:
    """A scene from its numbers"""

    def frozen(fields):
        return {name: as_tuple(value) for name, value in fields.items()}

    things = tuple(Thing(**frozen(thing)) for thing in numbers['things'])
    return Scene(**numbers | {'things': things, 'ground': Ground(**frozen(numbers['ground']))})


def as_tuple(value):
    """Lists in lists as tuples in tuples"""
    return tuple(map(as_tuple, value)) if isinstance(value, list) else value


def write(scene: Scene, path: Path) -> None:
    """A scene as a nearly lossless mp4, which is seen to show it"""
    drawn = render(scene)
    write_mp4(path, drawn.frames, FPS, crf=4)
    judgement = judge(read_video(path).frames, drawn)
    assert judgement.passes, f'{path} does not show {caption(scene)}: {judgement}'


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, scene in scenes().items():
        path = folder / f'{name}.mp4'
        write(scene, path)
        print(f'{path.name}: {caption(scene)}, {scene.frames} frames, {path.stat().st_size} bytes')


if __name__ == '__main__':
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGE / 'samples')
