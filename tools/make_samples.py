"""Write the sample clips that ship with the package: `python tools/make_samples.py [FOLDER]`"""
from pathlib import Path
import sys
import av
from av.video.reformatter import ColorRange, Colorspace
from cogvideo_ddim_edit.shapes import FPS, SAMPLES, SIZE, caption, read_clip, render, sample_scene

BT709 = 1 # the code of BT.709 for colour primaries and transfer in H.264

def write(frames, path):
    "Write `frames` (F, H, W, 3) as H.264 with BT.709 colours; GOP 1 and one thread, so that it comes out the same every time"
    with av.open(str(path), 'w', options={'movflags': '+faststart', 'fflags': '+bitexact'}) as file:
        stream = file.add_stream('libx264', rate=FPS, options={'crf': '8', 'preset': 'veryslow', 'tune': 'animation', 'threads': '1'})
        stream.width = stream.height = SIZE
        stream.pix_fmt, codec = 'yuv420p', stream.codec_context
        codec.color_range, codec.colorspace, codec.color_primaries, codec.color_trc = ColorRange.MPEG, Colorspace.ITU709, BT709, BT709
        for picture in frames:
            frame = av.VideoFrame.from_ndarray(picture, format='rgb24')
            frame = frame.reformat(format='yuv420p', dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG, interpolation='LANCZOS')
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))

def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, numbers in SAMPLES.items():
        scene, path = sample_scene(**numbers), folder/f'{name}.mp4'
        write(render(scene).frames, path)
        with av.open(str(path)) as file: reading = read_clip([f.to_ndarray(format='rgb24') for f in file.decode(video=0)])
        assert reading.says(scene), f'{path} does not show {caption(scene)}'
        print(f'{path.name}: {caption(scene)}, {scene.num_frames} frames, {path.stat().st_size} bytes')

if __name__ == '__main__': main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent/'cogvideo_ddim_edit'/'samples')
