"""What does an engine cost beside its edits, and does each give the same bits?

    python tools/engines.py                    200 edits of 20 videos by each engine
    python tools/engines.py --videos 3 --edits 4 --engines here processes
    python tools/engines.py --json f           also write what was found
    python tools/engines.py --folder d         keep the results there; goes on after a stop

The edits are as small as they can be (two steps, the preset fast), so that what an engine adds is
seen. Each engine has one worker. What it adds is the time from the first result to the last, less
what the worker says that its edits took; before that, workers start and load the model."""

import json
import os
import shutil
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

FEW = {'num_inference_steps': 2, 'check': 'none', 'keep_below': 0.0}
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


def main() -> None:
    """See above"""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--videos', type=int, default=20)
    parser.add_argument('--edits', type=int, default=10, help='of each video')
    names = ('here', 'processes', 'ray', 'slurm')
    parser.add_argument('--engines', nargs='+', default=names, choices=names)
    parser.add_argument('--folder', type=Path, help='of results')
    parser.add_argument('--json', type=Path, help='a file for what was found')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = options.folder or Path(scratch)
        root.mkdir(exist_ok=True)
        jobs = some_jobs(root, options.videos, options.edits)
        rows = {name: row_of(jobs, root, name) for name in options.engines}
        check(jobs, [root / engine for engine in options.engines])
        usual = usual_edit(root / 'usual')
    for row in rows.values():
        row['share of an edit of the default preset'] = round(
            row['beside it, for each edit'] / usual, 4
        )
    result = {'default preset, seconds': usual, 'same bits': True, 'engines': rows}
    print(json.dumps(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + '\n', encoding='utf-8')


if __name__ == '__main__':
    sys.exit(main())
