"""Is an edit that is killed at any moment, again and again, the edit that nobody killed?

    python tools/kill.py             100 moments, two and four processes at once, full disks
    python tools/kill.py -n 6        fewer moments
    python tools/kill.py --json f    also write what was seen

A process loads the model and forks a child for each attempt, in a session of its own and with an
alarm that ends it if all else fails. The child makes the same edit into the same folder; it is
ended at a random moment, by SIGINT, SIGTERM and SIGKILL in turn, until so many were. Then one more
attempt may end. Nothing but the result and its inversion may be left."""

import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path

from project import embedded_pipeline

SIGNALS = signal.SIGINT, signal.SIGTERM, signal.SIGKILL
DONE, REFUSED, INTERRUPTED = 0, 2, 130
LONGEST = [600]  # seconds of an attempt
PROMPT = 'a {} circle moving right on a gray background'
WORDS = {'source_prompt': PROMPT.format('red'), 'seed': 3, 'num_inference_steps': 4}


def attempt(pipe, folder: Path, color: str, most: int) -> None:
    """Make the edit, in a process that ends here; no file may become larger than `most` bytes"""
    from cogvideo_ddim_edit.resume import edit_once
    from cogvideo_ddim_edit.settings import EditError
    from cogvideo_ddim_edit.video import sample

    status = 1
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.alarm(LONGEST[0])
        if most:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
        edit_once(pipe, sample(), PROMPT.format(color), folder, **WORDS)
        status = DONE
    except KeyboardInterrupt:
        status = INTERRUPTED
    except EditError as e:
        print(f'    {str(e).replace(str(folder.parent), "…")}', flush=True)
        status = REFUSED
    finally:
        os._exit(status)


def started(pipe, folder: Path, color: str = 'blue', most: int = 0) -> int:
    """The number of a process that makes an edit; its cache lies beside the folder"""
    os.environ['CVE_CACHE'] = str(folder.parent / 'cache')
    sys.stdout.flush()
    child = os.fork()
    if not child:
        attempt(pipe, folder, color, most)
    return child


def ended(child: int) -> int:
    """Exit status of a process; negative: by a signal"""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def stopped(child: int, seconds: float, number: int) -> int:
    """Exit status of a process that is ended after some seconds, if it runs so long"""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, number)
    return ended(child)


def phase(here: Path) -> str:
    """How far the edit had come"""
    if (here / 'edit').exists():
        return 'done'
    if (here / '.edit.part').exists():
        return 'writing'
    inversions = [f.name for f in (here / 'cache' / 'inversions').glob('[!.]*')]
    unfinished = [f for f in (here / 'cache' / 'unfinished').glob('[!.]*') if any(f.iterdir())]
    if not unfinished:
        return 'between'
    last = max(unfinished[0].rglob('*.*'), key=lambda f: f.stat().st_mtime, default=here)
    if last.parent.name == 'decoding':
        return 'decoding'
    return 'edit' if inversions and unfinished[0].name not in inversions else 'inversion'


def killed_edits(pipe, root: Path, moments: int, whole: float) -> tuple[list[Path], list[tuple]]:
    """Folders of edits that were killed until so many moments were seen, and those moments"""
    chance, seen, folders = random.Random(0), [], []
    while len(seen) < moments:
        folders.append(root / f'{len(folders):03}')
        folders[-1].mkdir()
        for _ in range(min(10, moments - len(seen))):
            number = SIGNALS[len(seen) % 3]
            child = started(pipe, folders[-1] / 'edit')
            if stopped(child, chance.uniform(0, whole), number) == DONE:
                break
            seen.append((phase(folders[-1]), number.name))
            print(len(seen), *seen[-1], flush=True)
        if status := ended(started(pipe, folders[-1] / 'edit')):
            raise SystemExit(f'the last attempt in {folders[-1].name} ended with {status}')
    return folders, seen


def together(pipe, root: Path, expected: dict) -> dict:
    """Two, then four processes at once on the same edit, and on different ones of one video"""
    seen = {}
    for number in (2, 4):
        for same in (True, False):
            here = root / f'{number} on {"one" if same else "each its own"}'
            here.mkdir()
            colors = list(expected)[:1] * number if same else list(expected)[:number]
            names = ['edit'] * number if same else [f'edit_{color}' for color in colors]
            pairs = list(zip(names, colors, strict=True))
            children = [started(pipe, here / name, color) for name, color in pairs]
            found = Counter(ended(child) for child in children)
            if set(found) - {DONE, REFUSED} or not found[DONE] or (not same and found[REFUSED]):
                raise SystemExit(f'{here.name}: {found}')
            for name, color in pairs:
                check(here, name, expected[color])
            seen[here.name] = {'done': found[DONE], 'refused': found[REFUSED]}
            print(here.name, seen[here.name], flush=True)
    return seen


def full_disks(pipe, root: Path, expected) -> dict:
    """A disk that is full at the first call, and one that is full when the result is written"""
    seen = {}
    for most in (10_000, 150_000):
        here = root / f'files of at most {most} bytes'
        here.mkdir()
        first = ended(started(pipe, here / 'edit', most=most))
        if first != REFUSED or (here / 'edit').exists():
            raise SystemExit(f'{here.name}: {first}')
        calls = len(list((here / 'cache').rglob('[0-9]*.safetensors')))
        if status := ended(started(pipe, here / 'edit')):
            raise SystemExit(f'{here.name}, then as many as one likes: {status}')
        check(here, 'edit', expected)
        seen[here.name] = {'files that were kept': calls}
        print(here.name, seen[here.name], flush=True)
    return seen


def check(here: Path, name: str, expected) -> None:
    """The same bits, and no file but those of results and inversions"""
    from torch import equal

    from cogvideo_ddim_edit.edits import Edit

    found = Edit.load(here / name)
    same = equal(found.latents, expected.latents)
    if not same or (found.video.frames != expected.video.frames).any():
        raise SystemExit(f'{here.name}: other bits')
    left = {f.relative_to(here).as_posix() for f in here.rglob('*') if f.is_file()}
    known = {f for f in left if f.startswith(('edit', 'cache/inversions/'))}
    stray = sorted(f for f in left if f not in known or '/.' in f or f.startswith('.'))
    if stray:
        raise SystemExit(f'{here.name}: stray files {stray}')


def plain_edits(pipe, colors: list[str]) -> tuple[dict, float]:
    """Color to the edit that nobody stops, and how long the first took"""
    from cogvideo_ddim_edit.reconstruction import edit
    from cogvideo_ddim_edit.video import sample

    start, expected, seconds = time.monotonic(), {}, 0
    for color in colors:
        expected[color] = edit(pipe, sample(), PROMPT.format(color), **WORDS)
        seconds = seconds or time.monotonic() - start
    return expected, seconds


def main() -> None:
    """See above"""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('-n', type=int, default=100, help='how many moments')
    parser.add_argument('--json', type=Path, help='a file for what was seen')
    parser.add_argument('--longest', type=int, default=600, help='seconds of an attempt')
    options = parser.parse_args()
    LONGEST[0] = options.longest
    from cogvideo_ddim_edit.identity import code_key

    pipe = embedded_pipeline()  # of one thread, so that it can be forked
    code_key()
    expected, seconds = plain_edits(pipe, ['blue', 'green', 'white', 'purple'])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        folders, seen = killed_edits(pipe, root, options.n, seconds)
        for here in folders:
            check(here, 'edit', expected['blue'])
        result = {
            'moments': len(seen),
            'edits': len(folders),
            'ended in': dict(sorted(Counter(where for where, _ in seen).items())),
            'ended by': dict(sorted(Counter(name for _, name in seen).items())),
            'at once': together(pipe, root, expected),
            'full disks': full_disks(pipe, root, expected['blue']),
            'same bits, no stray file': True,
        }
    print(json.dumps(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + '\n', encoding='utf-8')


if __name__ == '__main__':
    sys.exit(main())
