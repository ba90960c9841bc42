"""Write the sample clips that ship with the package: `python tools/make_samples.py [FOLDER]`"""
from pathlib import Path
import sys
import av
from cogvideo_ddim_edit.shapes import FPS, SAMPLES, caption, read_clip, render, sample_scene
from cogvideo_ddim_edit.video import write_mp4

def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, numbers in SAMPLES.items():
        scene, path = sample_scene(**numbers), folder/f'{name}.mp4'
        write_mp4(path, render(scene).frames, FPS, crf=4) # nearly lossless
        with av.open(str(path)) as file:
            reading = read_clip([f.to_ndarray(format='rgb24') for f in file.decode(video=0)])
        assert reading.says(scene), f'{path} does not show {caption(scene)}'
        print(f'{path.name}: {caption(scene)}, {scene.num_frames} frames, {path.stat().st_size} bytes')

if __name__ == '__main__':
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent/'cogvideo_ddim_edit'/'samples')
