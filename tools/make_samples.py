"""Write the sample videos that ship with the package"""

from argparse import ArgumentParser
from pathlib import Path

from project import PACKAGE

from cogvideo_ddim_edit.mp4 import write_mp4
from cogvideo_ddim_edit.world.sampling import SAMPLES, caption, sample_truth
from cogvideo_ddim_edit.world.shapes import render

FPS = 8
NEARLY_LOSSLESS = 4  # H.264's constant rate factor
SHIPPED = PACKAGE / 'samples'


def main() -> None:
    """One file for each of `SAMPLES`"""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('folder', nargs='?', type=Path, default=SHIPPED)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name in SAMPLES:
        scene, path = sample_truth(name), folder / f'{name}.mp4'
        write_mp4(path, render(scene).frames, FPS, crf=NEARLY_LOSSLESS)
        print(f'{path.name}: {caption(scene)}, {scene.frames} frames, {path.stat().st_size} bytes')


if __name__ == '__main__':
    main()
