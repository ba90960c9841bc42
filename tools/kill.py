"""Is an edit that is killed at any moment, again and again, the edit that nobody killed?

    python tools/kill.py             100 moments, which takes minutes
    python tools/kill.py -n 6        some
    python tools/kill.py --json f    also write what was seen

A process loads the model and forks a child for each attempt. The child makes the same edit into
the same folder; it is ended at a random moment, by SIGINT, SIGTERM and SIGKILL in turn, until so
many were. Then one more attempt may end. Nothing but the result and its inversion may be left."""

import json
import os
import random
import signal
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

SIGNALS = signal.SIGINT, signal.SIGTERM, signal.SIGKILL
WORDS = {
    'prompt': 'a blue circle moving right on a gray background',
    'source_prompt': 'a red circle moving right on a gray background',
    'seed': 3,
    'num_inference_steps': 4,
}


def attempt(pipe, folder: Path) -> None:
    """Make the edit, in a process of its own that ends here"""
    from cogvideo_ddim_edit.resume import edit_once
    from cogvideo_ddim_edit.video import sample

    status = 1
    try:
        edit_once(pipe, sample(), folder=folder, **WORDS)
        status = 0
    except KeyboardInterrupt:
        status = 130
    finally:
        os._exit(status)


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
    return 'edit' if inversions and unfinished[0].name not in inversions else 'inversion'


def child_of(pipe, here: Path, seconds: float, number: int) -> int:
    """Exit status of an attempt that is ended after some seconds; negative: by a signal"""
    child = os.fork()
    if not child:
        attempt(pipe, here / 'edit')
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, number)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_edits(pipe, root: Path, moments: int, whole: float) -> tuple[list[Path], list[dict]]:
    """Folders of edits that were killed until so many moments were seen, and those moments"""
    chance, seen, folders = random.Random(0), [], []
    while len(seen) < moments:
        here = root / f'{len(folders):03}'
        os.environ['CVE_CACHE'] = str(here / 'cache')
        here.mkdir()
        folders.append(here)
        for _ in range(min(10, moments - len(seen))):
            number = SIGNALS[len(seen) % 3]
            status = child_of(pipe, here, chance.uniform(0, whole), number)
            if status == 0:
                break
            seen.append({'signal': number.name, 'phase': phase(here)})
        status = child_of(pipe, here, 600, signal.SIGKILL)
        if status:
            raise SystemExit(f'the last attempt in {here.name} ended with {status}')
    return folders, seen


def check(folders: list[Path], expected) -> None:
    """The same bits everywhere, and no file but the result's and the inversion's"""
    from torch import equal

    from cogvideo_ddim_edit.edits import Edit

    for here in folders:
        found = Edit.load(here / 'edit')
        same = equal(found.latents, expected.latents)
        if not same or (found.video.frames != expected.video.frames).any():
            raise SystemExit(f'{here.name}: other bits')
        left = {f.relative_to(here).as_posix() for f in here.rglob('*') if f.is_file()}
        known = {f for f in left if f.startswith(('edit/edit.', 'cache/inversions/'))}
        stray = sorted(f for f in left if f not in known or '/.' in f or f.startswith('.'))
        if stray:
            raise SystemExit(f'{here.name}: stray files {stray}')


def main() -> None:
    """See above"""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('-n', type=int, default=100, help='how many moments')
    parser.add_argument('--json', type=Path, help='a file for what was seen')
    options = parser.parse_args()
    from cogvideo_ddim_edit.loading import load_pipeline
    from cogvideo_ddim_edit.resume import edit_once
    from cogvideo_ddim_edit.video import sample

    pipe = load_pipeline()
    pipe.set_progress_bar_config(disable=True)
    with tempfile.TemporaryDirectory() as root:
        os.environ['CVE_CACHE'] = str(Path(root) / 'plain')
        start = time.monotonic()
        expected = edit_once(pipe, sample(), folder=Path(root) / 'expected', **WORDS)
        whole = time.monotonic() - start
        folders, seen = killed_edits(pipe, Path(root), options.n, whole)
        check(folders, expected)
    count = {}
    for moment in seen:
        key = f'{moment["phase"]} by {moment["signal"]}'
        count[key] = count.get(key, 0) + 1
    result = {'moments': len(seen), 'edits': len(folders), 'ended': dict(sorted(count.items()))}
    print(json.dumps(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + '\n', encoding='utf-8')


if __name__ == '__main__':
    sys.exit(main())
