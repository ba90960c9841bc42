"""What does an engine cost beside its edits, and does each give the same bits?

    python tools/engines.py                    200 edits of 20 videos by each engine
    python tools/engines.py --videos 3 --edits 4 --engines here processes
    python tools/engines.py --json f           also write what was found
    python tools/engines.py --kill             end a worker once something is done: the same bits?
    python tools/engines.py --folder d         keep the results there; goes on after a stop

The edits are as small as they can be (two steps, the preset fast), so that what an engine adds is
seen. Each engine has one worker. What it adds is the time from the first result to the last, less
what the worker says that its edits took; before that, workers start and load the model. With
--kill, `processes` and `ray` have two workers, one of which is ended by SIGKILL. The exit status
is 3 if an engine does not start, which says nothing about the edits."""

import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from pathlib import Path

FEW = {'num_inference_steps': 2, 'check': 'none', 'keep_below': 0.0}
WORKERS = {'processes': 'spawn_main', 'ray': 'ray::EditWorker'}  # a word of their commands
NOT_STARTED = 3
COLORS = ('blue', 'green', 'white', 'purple', 'orange', 'pink', 'brown', 'navy', 'teal', 'yellow')


def some_jobs(folder: Path, videos: int, edits: int) -> list:
    """So many edits of each of so many videos"""
    from cogvideo_ddim_edit.engines import BatchJob
    from cogvideo_ddim_edit.video import read_video, sample
    from cogvideo_ddim_edit.mp4 import write_mp4

    frames, jobs = read_video(sample('red_circle')).frames, []
    for i in range(videos):
        path = folder / f'{i:03}.mp4'
        turned = frames[:, :: 1 if i % 2 else -1] // 2
        write_mp4(path, turned + 5 * (i // 2), 8)
        for color in COLORS[:edits]:
            changes = {'preset': 'fast', 'changes': FEW}
            jobs.append(BatchJob(str(path), f'a {color} circle', **changes))
    return jobs


def measured(jobs: list, folder: Path, engine: str) -> dict:
    """Seconds of an engine with one worker and of its edits"""
    from cogvideo_ddim_edit.batch import run_batch

    start = time.time()
    found = run_batch(jobs, folder, engine=engine, say=lambda line: None)
    end = time.time()
    bad = [status for status in found if status.state != 'done']
    if bad:
        raise SystemExit(f'{engine}: {bad[0]}')
    strips = {s.key: (folder / 'strips' / f'{s.key}.png').stat().st_mtime for s in found}
    first, *others = sorted(found, key=lambda status: strips[status.key])
    spent = sum(status.seconds for status in others)
    beside = max(strips.values()) - strips[first.key] - spent
    return {
        'edits': len(found),
        'seconds of an edit': round(spent / len(others), 3),
        'beside it, for each edit': round(beside / len(others), 4),
        'until the first result': round(strips[first.key] - start - first.seconds, 1),
        'after the last': round(end - max(strips.values()), 1),
    }


def kill_one(folder: Path, word: str, ended: list[int]) -> None:
    """Once something is done, end a process of ours with this word in its command"""
    import psutil

    while not list(folder.glob('[0-9a-f]*/edit.mp4')):
        time.sleep(0.02)
    for child in psutil.Process().children(recursive=True):
        if word in ' '.join(child.cmdline()):
            child.send_signal(signal.SIGKILL)
            ended.append(child.pid)
            return


def states_after_a_kill(jobs: list, folder: Path, engine: str) -> dict:
    """What becomes of edits while one of two workers is ended, if the engine has workers here"""
    from cogvideo_ddim_edit.batch import run_batch

    ended, several = [], engine in WORKERS
    if several:
        settings = folder, WORKERS[engine], ended
        threading.Thread(target=kill_one, args=settings, daemon=True).start()
    lines = []

    def say(line: str) -> None:
        lines.append(line)
        print(f'{engine}: {line}', flush=True)

    found = run_batch(jobs, folder, engine=engine, workers=1 + several, say=say)
    states = Counter(status.state for status in found)
    return {'edits': len(found), 'lines': len(lines), 'states': states, 'killed': len(ended)}


def row_of(jobs: list, root: Path, engine: str) -> dict:
    """What `measured` found, now or before"""
    file = root / f'{engine}.json'
    if file.exists():
        return json.loads(file.read_text(encoding='utf-8'))
    for old in (root / engine, root / f'cache of {engine}'):
        shutil.rmtree(old, ignore_errors=True)
    os.environ['CVE_CACHE'] = str(root / f'cache of {engine}')
    row = measured(jobs, root / engine, engine)
    print(engine, row, flush=True)
    file.write_text(json.dumps(row), encoding='utf-8')
    return row


def check(jobs: list, folders: list[Path]) -> None:
    """The same bits in every folder"""
    from torch import equal

    from cogvideo_ddim_edit.edits import Edit

    for job in jobs:
        first, *others = (Edit.load(folder / job.key) for folder in folders)
        for other in others:
            if not equal(first.latents, other.latents):
                raise SystemExit(f'other bits: {job}')


def usual_edit(folder: Path) -> float:
    """Seconds of one edit of the default preset by a worker, with its inversion"""
    from cogvideo_ddim_edit.batch import run_batch
    from cogvideo_ddim_edit.engines import BatchJob
    from cogvideo_ddim_edit.video import sample

    job = BatchJob(str(sample('red_circle')), 'a blue circle', 'a red circle')
    return run_batch([job], folder, say=lambda line: None)[0].seconds


def timed(jobs: list, root: Path, engines: list[str]) -> dict:
    """Rows of `measured`, and what share of a usual edit an engine adds"""
    rows = {name: row_of(jobs, root, name) for name in engines}
    usual = usual_edit(root / 'usual')
    for row in rows.values():
        row['share of an edit of the default preset'] = round(
            row['beside it, for each edit'] / usual, 4
        )
    return {'default preset, seconds': usual, 'same bits': True, 'engines': rows}


def after_kills(jobs: list, root: Path, engines: list[str]) -> dict:
    """Rows of `states_after_a_kill`"""
    rows = {}
    for name in engines:
        os.environ['CVE_CACHE'] = str(root / f'cache of {name}')
        rows[name] = states_after_a_kill(jobs, root / name, name)
        print(name, rows[name], flush=True)
    return {'same bits': True, 'engines': rows}


def given() -> Namespace:
    """The options"""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--videos', type=int, default=20)
    parser.add_argument('--edits', type=int, default=10, help='of each video')
    names = ('here', 'processes', 'ray', 'slurm')
    parser.add_argument('--engines', nargs='+', default=names, choices=names)
    parser.add_argument('--kill', action='store_true', help='end a worker; measure nothing')
    parser.add_argument('--folder', type=Path, help='of results')
    parser.add_argument('--json', type=Path, help='a file for what was found')
    return parser.parse_args()


def main() -> int:
    """See above"""
    from cogvideo_ddim_edit.engines import BatchError

    options = given()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        root = (options.folder or Path(scratch)).absolute()
        root.mkdir(exist_ok=True)
        jobs = some_jobs(root, options.videos, options.edits)
        try:
            work = after_kills if options.kill else timed
            result = work(jobs, root, options.engines)
        except BatchError as problem:
            print(problem)
            return NOT_STARTED
        check(jobs, [root / engine for engine in options.engines])
    print(json.dumps(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + '\n', encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main())
