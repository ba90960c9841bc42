"""Edit two seconds of a long video with sound and lay them back; say what it took and what is off

    python tools/long_video.py              4 minutes of 1080p, made in a temporary folder
    python tools/long_video.py --read FILE  only read two seconds, and say time and memory

A white corner flashes and a click is heard at every full second: so one sees, and hears, whether
picture and sound belong together."""

import json
import resource
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

import av
import numpy as np
from project import embedded_pipeline

from cogvideo_ddim_edit.mp4 import write_mp4
from cogvideo_ddim_edit.video import read_video
from cogvideo_ddim_edit.world.footage import ffmpeg

MINUTES, LOOP = 4, 10  # of the video; seconds that it repeats
START, LASTS = 150.5, 2  # of the stretch that is edited, seconds
MOST_SECONDS, MOST_MEGABYTES, MOST_LATE = 5, 400, 0.04
RED = 'a red circle circling on a gray background'
BLUE = 'a blue circle circling on a gray background'


def draw_loop(path: Path) -> None:
    """A red circle that comes back to where it began, small and without sound"""
    from cogvideo_ddim_edit.world.shapes import Ground, Scene, Thing, render

    frames = 8 * LOOP
    angles = 2 * np.pi * np.arange(frames) / 16
    places = np.stack([57 + 9 * np.cos(angles), 32 + 9 * np.sin(angles)], 1)
    centres = tuple(map(tuple, places.tolist()))
    ball = Thing('red', (0.98, 0.46, 0.42), 'circle', 'circling', 10.5, centres, True, 0.08)
    scene = Scene((ball,), Ground('gray', (0.26, 0.26, 0.27)), frames, 114, 64)
    write_mp4(path, render(scene).frames, 8, crf=4)


def make_video(folder: Path) -> Path:
    """The long video, as a phone would write it: H.264 and AAC"""
    draw_loop(folder / 'small.mp4')
    flash = "drawbox=0:0:200:200:white:fill:enable='lt(mod(t,1),1/30)'"
    click = f"aevalsrc='if(lt(mod(t,1),.002),.9,0)':s=48000:d={LOOP}"
    large = f'fps=30,scale=1920:1080:flags=bicubic,{flash}'
    pictures = ('-c:v', 'libx264', '-preset', 'ultrafast', '-g', '60', '-pix_fmt', 'yuv420p')
    ffmpeg('-i', folder / 'small.mp4', '-vf', large, *pictures, folder / 'pictures.mp4')
    again = 60 * MINUTES // LOOP - 1
    loop = ('-stream_loop', again, '-i', folder / 'pictures.mp4')
    sound = ('-f', 'lavfi', '-i', click.replace(f'd={LOOP}', f'd={60 * MINUTES}'))
    copied = ('-map', '0:v', '-map', '1:a', '-c:v', 'copy', '-c:a', 'aac')
    ffmpeg(*loop, *sound, *copied, folder / 'long.mp4')
    return folder / 'long.mp4'


def read_stretch(path: Path):
    """The stretch, at the embedded model's size"""
    how = {'width': 64, 'height': 64, 'max_num_frames': 17, 'start_time': START, 'duration': LASTS}
    from cogvideo_ddim_edit.model_settings import ModelSettings
    from cogvideo_ddim_edit.model_files import model_configs
    from cogvideo_ddim_edit.models import requirements_of

    model = requirements_of(model_configs(ModelSettings()), 'the embedded model')
    return read_video(path, model, **how)


def report_reading(path: Path) -> dict:
    """What reading takes in this process, which has done nothing else"""
    begin = time.perf_counter()
    read_stretch(path)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return {'seconds': round(seconds, 2), 'megabytes': round(peak)}


def edit_and_restore(path: Path, restored: Path) -> dict:
    """Edit the stretch and write it laid back into the whole picture; what that took"""
    from cogvideo_ddim_edit.reconstruction import edit
    from cogvideo_ddim_edit.restore import restore_video

    pipe = embedded_pipeline()
    begin = time.perf_counter()
    done = edit(pipe, read_stretch(path), BLUE, source_prompt=RED, num_inference_steps=8)
    middle = time.perf_counter()
    file = restore_video(done, restored)
    end = time.perf_counter()
    seconds = {'edit': round(middle - begin, 1), 'restore': round(end - middle, 1)}
    return {'seconds': seconds, 'notes': list(file.notes)}


def beginnings(times: list[float]) -> list[float]:
    """The first of each group of moments that lie close together"""
    pairs = zip(times, [-1, *times])
    return [moment for moment, before in pairs if moment - before > 0.5]


def flashes(container) -> list[float]:
    """When the corner turns white, seconds"""
    frames = ((f.time, f.to_ndarray(format='gray')) for f in container.decode(video=0))
    return beginnings([moment for moment, frame in frames if frame[40:160, 40:160].mean() > 200])


def clicks(container) -> list[float]:
    """When clicks are heard, seconds"""
    found = []
    for frame in container.decode(audio=0):
        loud = np.flatnonzero(np.abs(frame.to_ndarray()[0]) > 0.3)
        found += [frame.time + n / frame.rate for n in loud]
    return beginnings(found)


def check_sync(path: Path) -> dict:
    """How far clicks are from flashes, seconds"""
    with av.open(str(path)) as container:
        seen = flashes(container)
        size = container.streams.video[0].width, container.streams.video[0].height
    with av.open(str(path)) as container:
        heard = clicks(container)
    late = [b - a for a, b in zip(seen, heard, strict=True)]
    return {'size': size, 'flashes': len(seen), 'late': [round(float(x), 3) for x in late]}


def main() -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--read', metavar='FILE', help='only read two seconds of it')
    args = parser.parse_args()
    if args.read:
        print(json.dumps(report_reading(Path(args.read))))
        return 0
    with tempfile.TemporaryDirectory() as name:
        begin = time.perf_counter()
        path = make_video(Path(name))
        made_in = round(time.perf_counter() - begin, 1)
        print(f'made in {made_in} s, {path.stat().st_size / 1e6:.0f} MB')
        command = [sys.executable, __file__, '--read', str(path)]
        reading = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        print('reading:', reading)
        print(edit_and_restore(path, Path(name) / 'restored.mp4'))
        sync = check_sync(Path(name) / 'restored.mp4')
        print('restored:', sync)
    in_time = reading['seconds'] <= MOST_SECONDS and reading['megabytes'] <= MOST_MEGABYTES
    in_sync = sync['flashes'] == LASTS and max(map(abs, sync['late'])) <= MOST_LATE
    return int(not (in_time and in_sync and sync['size'] == (1920, 1080)))


if __name__ == '__main__':
    sys.exit(main())
