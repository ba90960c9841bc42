"""Make videos that are odd, broken or hostile, and say what reading each must give.

    python tools/odd_videos.py FOLDER       makes them all and lists them

`nbs/proofs/odd_videos.ipynb` reads every one of them."""

import os
import socket
import struct
from argparse import ArgumentParser
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from cogvideo_ddim_edit.world.footage import ffmpeg, with_matrix

SOURCE = 'testsrc2=s=96x64:r=8:d=1'
H264 = ('-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2')


@dataclass(frozen=True)
class Odd:
    "An odd input, and what reading it must give"

    group: str  # What is odd about it
    name: str  # Of the file, or another thing to read
    path: str | Path  # Where it is
    refused: str = ''  # Part of the sentence that refuses it; '': it is read
    filters: str = 'null'  # With which ffmpeg gives the same frames
    remark: str = ''  # Part of a note that must be there
    compared: bool = True  # Does ffmpeg give frames to compare with?
    settings: dict = field(default_factory=dict)  # For `read_video`


class Maker:
    "Makes odd inputs in a folder and remembers them"

    def __init__(self, folder: Path):
        self.folder, self.made, self.group = folder, [], ''
        folder.mkdir(parents=True, exist_ok=True)

    def note(self, name: str, path: str | Path | None = None, **what: object) -> Path:
        "Remember an input that lies there"
        path = self.folder / name if path is None else path
        self.made.append(Odd(self.group, name, path, **what))
        return path

    def video(self, name: str, *options: str, source: str = SOURCE, **what: object) -> Path:
        "A video made by ffmpeg"
        ffmpeg('-f', 'lavfi', '-i', source, *(options or H264), self.folder / name)
        return self.note(name, **what)

    def copy(self, name: str, data: bytes, **what: object) -> Path:
        "A file with these bytes"
        (self.folder / name).write_bytes(data)
        return self.note(name, **what)

    def picture(self, name: str, picture: Image.Image, **options: object) -> Path:
        "A picture file; not remembered"
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        picture.save(path, **options)
        return path


def containers(make: Maker):
    "The same frames in every container"
    for name in ('a.mp4', 'a.mov', 'a.mkv', 'a.ts', 'a.m2ts', 'a.flv', 'a.nut', 'a.m4v', 'a.h264'):
        make.video(name)
    make.video('fragmented.mp4', *H264, '-movflags', 'frag_keyframe+empty_moov')
    make.video('a.hevc', '-c:v', 'libx265', '-x265-params', 'log-level=error')
    make.video('h264.avi', '-c:v', 'libx264', '-bf', '0')
    for name, codec in (('a.mpg', 'mpeg2video'), ('a.vob', 'mpeg2video'), ('a.mxf', 'mpeg2video')):
        make.video(name, '-c:v', codec, source='testsrc2=s=96x64:r=25:d=1')
    make.video('a.wmv', '-c:v', 'wmv2')
    make.video('a.3gp', '-c:v', 'mpeg4')
    make.video('a.y4m', '-pix_fmt', 'yuv420p')
    make.video('a.ivf', '-c:v', 'libvpx-vp9', '-deadline', 'realtime')
    (make.folder / 'a mp4.txt').write_bytes((make.folder / 'a.mp4').read_bytes())
    make.note('a mp4.txt')


def codecs(make: Maker):
    "Codecs and pixel formats"
    for name, codec, pixels in (
        ('vp8.webm', 'libvpx', 'yuv420p'),
        ('vp9.webm', 'libvpx-vp9', 'yuv420p'),
        ('hevc.mp4', 'libx265', 'yuv420p'),
        ('hevc10.mp4', 'libx265', 'yuv420p10le'),
        ('hevc444.mp4', 'libx265', 'yuv444p10le'),
        ('h264-10.mp4', 'libx264', 'yuv422p10le'),
        ('h264-444.mp4', 'libx264', 'yuv444p'),
        ('grey.mkv', 'ffv1', 'gray'),
        ('prores.mov', 'prores_ks', 'yuv422p10le'),
        ('mjpeg.avi', 'mjpeg', 'yuvj422p'),
        ('ffv1.mkv', 'ffv1', 'yuv410p'),
        ('ffv1-16.mkv', 'ffv1', 'yuv444p16le'),
        ('huff.avi', 'huffyuv', 'yuv422p'),
        ('raw.avi', 'rawvideo', 'bgr24'),
        ('raw.nut', 'rawvideo', 'rgb565le'),
        ('rgb.mkv', 'libx264rgb', 'rgb24'),
        ('png.mov', 'png', 'rgb24'),
        ('mpeg4.avi', 'mpeg4', 'yuv420p'),
    ):
        quiet = ('-x265-params', 'log-level=error') if codec == 'libx265' else ()
        make.video(name, '-c:v', codec, '-pix_fmt', pixels, *quiet)
    make.video('av1.mp4', '-c:v', 'libsvtav1', '-preset', '12', '-svtav1-params', 'lp=1')
    make.video(
        'alpha.mkv',
        '-vf',
        'format=yuva444p,geq=lum=p(X\\,Y):a=255*gt(X\\,48)',
        '-c:v',
        'ffv1',
        '-pix_fmt',
        'yuva444p',
        remark='Transparent',
        compared=False,
    )


def sizes(make: Maker):
    "From one pixel to 8K"
    make.video('1x1.mkv', '-c:v', 'ffv1', '-pix_fmt', 'gbrp', source='color=red:s=1x1:r=8:d=1')
    make.video('2x2.mp4', source='testsrc2=s=2x2:r=8:d=1')
    for size, codec, pixels in (('47x63', 'libx264', 'yuv444p'), ('63x47', 'ffv1', 'yuv420p')):
        make.video(
            f'{size}.mkv', '-c:v', codec, '-pix_fmt', pixels, source=f'testsrc2=s={size}:r=8:d=1'
        )
    make.video(
        '2048x4.mp4', source='testsrc2=s=2048x4:r=8:d=1', filters='scale=in_color_matrix=bt709'
    )
    make.video(
        '4k.mp4',
        *H264,
        '-frames:v',
        '9',
        source='testsrc2=s=3840x2160:r=8',
        settings=dict(width=480, height=270),
        filters='scale=in_color_matrix=bt709',
        remark='Resized from 3840×2160',
    )
    make.video(
        '8k.mp4',
        *H264[:4],
        '-frames:v',
        '1',
        source='color=teal:s=7680x4320:r=8',
        refused='7680×4320 pixels, more than the 16,777,216',
    )


def colours(make: Maker):
    "Matrices, ranges, HDR"

    def tagged(name, shaped, *tags, codec='libx264', source=SOURCE, **what):
        make.video(name, '-vf', shaped, *tags, '-c:v', codec, source=source, **what)

    tagged('full.mp4', 'scale=out_range=pc,format=yuv420p', '-color_range', 'pc')
    tagged('yuvj.mp4', 'format=yuvj420p')
    for name, matrix in (
        ('709.mp4', 'bt709'),
        ('601.mp4', 'smpte170m'),
        ('470.mp4', 'bt470bg'),
        ('240.mkv', 'smpte240m'),
        ('2020.mp4', 'bt2020nc'),
    ):
        tagged(name, f'scale=out_color_matrix={matrix},format=yuv420p', '-colorspace', matrix)
    hd = 'testsrc2=s=1280x720:r=8:d=0.5'
    unknown = 'format=yuv420p,setparams=colorspace=unknown'
    tagged(
        'hd-untagged.mp4',
        f'scale=out_color_matrix=bt709,{unknown}',
        source=hd,
        remark='BT.709',
        filters='scale=in_color_matrix=bt709',
    )
    tagged(
        'hd-601.mp4',
        'scale=out_color_matrix=smpte170m,format=yuv420p',
        '-colorspace',
        'smpte170m',
        source=hd,
    )
    for name, curve in (('pq.mp4', 'smpte2084'), ('hlg.mp4', 'arib-std-b67')):
        params = f'log-level=error:colorprim=bt2020:transfer={curve}:colormatrix=bt2020nc'
        tagged(
            name,
            'format=yuv420p10le',
            '-x265-params',
            params,
            codec='libx265',
            remark='HDR',
            filters='scale=out_primaries=bt709:out_transfer=bt709',
        )


def geometry(make: Maker):
    "Turned, mirrored, slanted, with pixels that are not square"

    def turned(name, matrix, source='a.mp4', **what):
        with_matrix(make.folder / name, matrix, make.folder / source)
        make.note(name, **what)

    signs = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
    matrices = [(a, 0, 0, d) for a, d in signs[1:]] + [(0, b, c, 0) for b, c in signs]
    for i, matrix in enumerate(matrices):
        turned(f'turn{i}.mp4', matrix, remark='as the file asks')
    slanted = (0.7071, 0.7071, -0.7071, 0.7071)
    turned('slanted.mp4', slanted, remark='nearest quarter turn', compared=False)
    turned('zeros.mp4', (0, 0, 0, 0), compared=False)
    for name, shape, size in (
        ('sar2.mp4', '2', '192:64'),
        ('sar-dvd.mp4', '64/45', '137:64'),
        ('sar-ntsc.mp4', '8/9', '96:72'),
    ):
        make.video(name, '-vf', f'setsar={shape}', *H264, filters=f'scale={size}', remark='square')
    make.video('sar-mad.mkv', '-vf', 'setsar=1/100', *H264)
    turned('sar-turned.mp4', (0, 1, -1, 0), 'sar2.mp4', filters='scale=64:192', remark='square')


def woven(make: Maker):
    "Interlaced, and a size that changes"
    source = 'testsrc2=s=96x64:r=50:d=1'
    for name, order, codec in (
        ('tff.mp4', 'interleave_top', 'libx264'),
        ('bff.mpg', 'interleave_bottom', 'mpeg2video'),
    ):
        first = ('-x264opts', 'tff=1') if codec == 'libx264' else ()
        make.video(
            name,
            '-vf',
            f'tinterlace={order}',
            '-flags',
            '+ilme+ildct',
            *first,
            '-c:v',
            codec,
            source=source,
            remark='Interlaced',  # versions differ at the very first
            settings=dict(skip_frames_start=1),
            filters='bwdif=mode=send_frame:deint=interlaced',
        )
    parts = [
        ffmpeg('-f', 'lavfi', '-i', f'testsrc2=s={size}:r=8:d=1', *H264, '-f', 'mpegts', '-')
        for size in ('96x64', '64x64')
    ]
    make.copy('sizes.ts', b''.join(parts), remark='The size changes', compared=False)


def times(make: Maker):
    "Clocks that stop, jump, start late or before zero"
    make.video(
        'varied.mkv',
        '-vf',
        "setpts='if(gt(N,3),N+20,N)/8/TB'",
        '-fps_mode',
        'vfr',
        *H264,
        remark='rate varies',
    )
    make.video(
        'jitter.mp4',
        '-vf',
        "setpts='(N+0.2*mod(N,3))/8/TB'",
        '-fps_mode',
        'vfr',
        *H264,
        '-video_track_timescale',
        '90000',
    )
    make.video('late.ts', *H264, '-output_ts_offset', '90000')
    make.video('negative.mkv', *H264, '-output_ts_offset', '-0.5', '-avoid_negative_ts', 'disabled')
    make.video('fast.mp4', source='testsrc2=s=96x64:r=1000:d=0.02')
    make.video('slow.mp4', *H264, source='testsrc2=s=96x64:r=1/10:d=50')
    make.video('one.mp4', *H264, '-frames:v', '1')
    make.video(
        'open.ts',
        '-c:v',
        'libx264',
        '-g',
        '12',
        '-bf',
        '3',
        '-x264-params',
        'open-gop=1:scenecut=0',
        source='testsrc2=s=96x64:r=25:d=4',
        settings=dict(skip_frames_start=71, max_num_frames=9),
    )
    make.video(
        'open.mpg',
        '-c:v',
        'mpeg2video',
        '-g',
        '12',
        '-bf',
        '2',
        source='testsrc2=s=96x64:r=25:d=4',
        settings=dict(skip_frames_start=71, max_num_frames=9),
    )
    data = bytearray((make.folder / 'a.mp4').read_bytes())
    at = data.index(b'elst') + 12  # after version and count: duration (4 bytes), start (4 bytes)
    start = int.from_bytes(data[at + 4 : at + 8], 'big') + 3 * 2048
    data[at + 4 : at + 8] = start.to_bytes(4, 'big')
    make.copy('edited.mp4', bytes(data))


def broken(make: Maker):
    "Cut off, damaged, empty, or something else"
    long = ('-c:v', 'libx264', '-g', '8', '-bf', '2')
    source = 'testsrc2=s=96x64:r=8:d=6'
    for kind in ('mp4', 'mkv', 'ts', 'avi', 'flv'):
        front = ('-movflags', '+faststart') if kind == 'mp4' else ()
        ffmpeg('-f', 'lavfi', '-i', source, *long, *front, make.folder / f'whole.{kind}')
        whole = (make.folder / f'whole.{kind}').read_bytes()
        for part in (0.3, 0.6, 0.95):
            remark = '' if kind == 'ts' else 'cut off'
            make.copy(f'cut{100 * part:.0f}.{kind}', whole[: int(part * len(whole))], remark=remark)
    plain = (make.folder / 'a.mp4').read_bytes()
    make.copy('no-index.mp4', plain[: plain.index(b'moov') - 4], refused='is not a video')
    make.copy('head.mp4', plain[:40], refused='is not a video')
    make.copy('empty.mp4', b'', refused='is empty')
    make.copy('byte.mp4', b'\0', refused='is not a video')
    make.copy('text.mp4', b'not a video\n' * 99, refused='is not a video')
    make.copy('page.mp4', b'<!doctype html><title>404</title>', refused='is not a video')
    noise = np.random.default_rng(0).integers(0, 256, 50_000, np.uint8).tobytes()
    make.copy('noise.mp4', noise, refused='is not a video')
    make.copy('noise.ts', noise, refused='is not a video')
    whole = bytearray((make.folder / 'whole.mp4').read_bytes())
    whole[-4000:-1000] = bytes(3000)
    make.copy('holes.mp4', bytes(whole), refused='is damaged')
    picture = make.picture('p.jpg', Image.new('RGB', (96, 64)))
    make.copy('picture.jpg.mp4', picture.read_bytes(), compared=False)


def with_cover(first: Path, second: Path, target: Path) -> None:
    """The streams of two files in one, the first picture as its cover"""
    cover = ('-c', 'copy', '-disposition:v:0', 'attached_pic')
    ffmpeg('-i', first, '-i', second, '-map', '0', '-map', '1', *cover, target)


def streams(make: Maker):
    "Several streams, or none that moves"
    mp4, folder = make.folder / 'a.mp4', make.folder
    cover, words = make.picture('cover.png', Image.new('RGB', (32, 32))), folder / 'words.srt'
    words.write_text('1\n00:00:00,000 --> 00:00:01,000\nhello\n')
    tone = ('-f', 'lavfi', '-i', 'sine=d=1')
    ffmpeg(*tone, folder / 'sound.m4a')
    with_cover(folder / 'sound.m4a', cover, folder / 'song.m4a')
    with_cover(cover, mp4, folder / 'cover-first.mp4')
    ffmpeg('-i', mp4, '-i', words, *tone, '-map', '0', '-map', '1', '-map', '2', folder / 'all.mkv')
    small = ('-f', 'lavfi', '-i', 'testsrc=s=32x32:r=8:d=1')
    ffmpeg('-i', mp4, *small, '-map', '0', '-map', '1', folder / 'two.mkv')
    make.note('sound.m4a', refused='no video stream')
    make.note('song.m4a', refused='no video stream')
    for name in ('cover-first.mp4', 'all.mkv', 'two.mkv'):
        make.note(name)


def hostile(make: Maker, port: int):
    "Playlists, addresses, and things that are not files; `port` is where nobody may call"
    folder, there = make.folder, f'http://127.0.0.1:{port}/a.mp4'
    for name, target in (('local.m3u8', folder / 'a.ts'), ('net.m3u8', there)):
        text = f'#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{target}\n#EXT-X-ENDLIST\n'
        make.copy(name, text.encode(), refused='is not a video')
        make.copy(f'{name}.mp4', text.encode(), refused='is not a video')
    for name, target in (('local.ffconcat', 'a.mp4'), ('net.ffconcat', there)):
        make.copy(name, f'ffconcat version 1.0\nfile {target}\n'.encode(), refused='is not a video')
    make.copy(
        'call.sdp',
        f'v=0\nc=IN IP4 127.0.0.1\nm=video {port} RTP/AVP 96\n'.encode(),
        refused='is not a video',
    )
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{there}"/></svg>'
    make.copy('call.svg', svg.encode(), refused='is not a video')
    twice = f'concat:{folder / "a.ts"}|{folder / "a.ts"}'
    for path in (there, twice, 'pipe:0', 'data:video/mp4,AAAA', 'fd:', 'no\0name.mp4', 'n' * 5000):
        make.note(f'path {path[:12]!r}', path, refused='there is no')
    make.note('path of nobody', '~nobody-at-all/a.mp4', refused='no home folder')


def things(make: Maker):
    "Pipes, sockets, devices, links"

    folder = make.folder
    os.mkfifo(folder / 'pipe.mp4')
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / 's'))
    listener.close()
    (folder / 'loop.mp4').symlink_to(folder / 'loop.mp4')
    (folder / 'nowhere.mp4').symlink_to(folder / 'gone.mp4')
    (folder / 'link.mp4').symlink_to(folder / 'a.mp4')
    make.note('pipe.mp4', refused='named pipe')
    make.note('s', refused='a socket')
    make.note('loop.mp4', refused='leads back to itself')
    make.note('nowhere.mp4', refused='there is no file')
    make.note('link.mp4')
    for device in ('/dev/zero', '/dev/null', '/dev/stdin'):
        if Path(device).exists():
            make.note(device, Path(device), refused=' ')
    (folder / 'dir.mp4').mkdir()
    make.note('dir.mp4', refused='without pictures')
    if os.geteuid():  # root may read everything
        (folder / 'locked.mp4').write_bytes((folder / 'a.mp4').read_bytes())
        (folder / 'locked.mp4').chmod(0)
        make.note('locked.mp4', refused='may not be read')


def names(make: Maker):
    "Names that a careless program takes for something else"
    data = (make.folder / 'a.mp4').read_bytes()
    for name in (
        'ein Fäßchen 電影 🎈.mp4',
        '-i.mp4',
        '%03d.mp4',
        'a:b.mp4',
        'http:a.mp4',
        '*?[a].mp4',
        '\'"$(id)`;.mp4',
        'line\nbreak.mp4',
        'file',
        '.hidden.mp4',
        ' .mp4',
    ):
        make.copy(name, data)


def bombs(make: Maker):
    "Small files that promise or become large ones"
    make.copy('wide.y4m', b'YUV4MPEG2 W100000 H100000 F8:1\nFRAME\n', refused=' ')
    make.copy('square.y4m', b'YUV4MPEG2 W16000 H16000 F8:1\nFRAME\n', refused=' ')
    gif = b'GIF89a' + struct.pack('<HH', 65535, 65535) + b'\xf0\0\0' + bytes(6) + b'\x2c'
    gif += struct.pack('<4H', 0, 0, 65535, 65535) + b'\0\2\2\x44\1\0;'
    make.copy('bomb.gif', gif, refused=' ')
    make.picture('bomb.png', Image.new('1', (20_000, 10_000)))
    make.note('bomb.png', refused='pixels')
    make.picture('bomb/a.png', Image.new('1', (8_000, 8_000)))
    make.note('bomb', refused='8000×8000 pixels')
    make.video(
        'long.mp4',
        *H264,
        source='color=red:s=1280x720:r=200:d=1',
        refused='200 frames of 1280×720 pixels take 553 MB',
    )
    make.note(
        'a.mp4 at a million',
        make.folder / 'a.mp4',
        settings=dict(width=1_000_000),
        refused='1000000×1 pixels',
    )


def pictures(make: Maker):
    "Pictures that move, and folders of them"
    shades = [Image.new('RGB', (96, 64), (10 + 20 * i, 90, 200 - 20 * i)) for i in range(8)]
    clear = [Image.new('RGBA', (96, 64), (10 + 20 * i, 90, 200, i % 2 * 255)) for i in range(8)]
    uneven = [100, 100, 700, *[100] * 5]
    for name, frames, options in (
        ('w.webp', shades, dict(duration=125, lossless=True)),
        ('w.png', shades, dict(duration=125)),
        ('w.gif', shades, dict(duration=120)),
        ('clear.webp', clear, dict(duration=125, lossless=True)),
        ('uneven.webp', shades, dict(duration=uneven, lossless=True)),
        ('uneven.gif', shades, dict(duration=uneven)),
    ):
        make.picture(name, frames[0], save_all=True, append_images=frames[1:], **options)
        remark = {'clear.webp': 'Transparent'}.get(name, 'rate varies' if 'uneven' in name else '')
        make.note(name, remark=remark, compared=name.endswith('gif'))
    make.picture('still.png', shades[0])
    make.note('still.png')
    exif = Image.Exif()
    exif[0x0112] = 6
    make.picture('exif.jpg', shades[0], exif=exif)
    make.note('exif.jpg', remark='EXIF', compared=False)
    make.picture('cmyk.jpg', shades[0].convert('CMYK'))
    make.note('cmyk.jpg', compared=False)
    make.copy('half.png', (make.folder / 'still.png').read_bytes()[:-60], refused='is damaged')
    for number in (1, 2, 3, 7, 10):
        make.picture(f'gaps/frame{number}.png', shades[number % 8])
        make.picture(f'sizes/{number}.png', shades[0].resize((32 * number, 32)))
        make.picture(f'mixed/{number}.png', shades[number % 8])
    (make.folder / 'mixed/notes.txt').write_text('not a picture')
    (make.folder / 'mixed/5.png').write_text('not a picture')
    make.note('gaps', remark='3 is followed by 7', compared=False)
    make.note('sizes', remark='differ in size', compared=False)
    make.note('mixed', refused='is not a picture')


def make_all(folder: Path, port: int = 9) -> list[Odd]:
    "All odd inputs, made in a folder that is empty or new"
    make = Maker(folder)
    for group in (
        containers,
        codecs,
        sizes,
        colours,
        geometry,
        woven,
        times,
        broken,
        streams,
        names,
        bombs,
        pictures,
    ):
        make.group = group.__name__
        group(make)
    make.group = 'hostile'
    hostile(make, port)
    things(make)
    return make.made


if __name__ == '__main__':
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', type=Path, help='where they are written')
    for odd in make_all(parser.parse_args().folder):
        print(f'{odd.group:11} {odd.name!r}: {"refused" if odd.refused else "read"}')
