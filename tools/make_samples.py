"""Write the sample videos that ship with the package: `python tools/make_samples.py [FOLDER]`"""

import sys
from pathlib import Path

from cogvideo_ddim_edit.mp4 import write_mp4
from cogvideo_ddim_edit.world.sampling import SAMPLES, caption, sample_truth
from cogvideo_ddim_edit.world.shapes import render

FPS = 8
NEARLY_LOSSLESS = 4  # H.264's constant rate factor
SHIPPED = Path(__file__).parent.parent / 'cogvideo_ddim_edit' / 'samples'


def main(folder: Path) -> None:
    """One file for each of `SAMPLES`"""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SAMPLES:
        scene, path = sample_truth(name), folder / f'{name}.mp4'
        write_mp4(path, render(scene).frames, FPS, crf=NEARLY_LOSSLESS)
        print(f'{path.name}: {caption(scene)}, {scene.frames} frames, {path.stat().st_size} bytes')


if __name__ == '__main__':
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SHIPPED)
