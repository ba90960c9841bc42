"""Compare ways of editing on pairs whose answer is known; adds to nbs/results/benchmark.jsonl

    python tools/benchmark.py --pairs 40                       40 pairs of each set, every method
    python tools/benchmark.py --pairs 8 --methods default fast
    python tools/benchmark.py --pairs 8 --sets drawn two --output output/some.jsonl
    python tools/benchmark.py --pairs 40 --frames output/kept  keep the edits' frames
    python tools/benchmark.py --rejudge output/kept --prune    judge kept frames anew, no model
    python tools/benchmark.py --table                          only print what is there

A run that was stopped goes on where it was. One thread. Rows of other settings or another model
stay in the file until `--prune`; the latest row of a method and pair counts."""

import json
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

from project import ROOT, embedded_pipeline

from cogvideo_ddim_edit.world.benchmark import measures, shares_by, table
from cogvideo_ddim_edit.world.methods import METHODS
from cogvideo_ddim_edit.world.pairs import SETS, SPLITS, pairs
from cogvideo_ddim_edit.world.rows import read_rows, rejudge, run


def progress(total: int = 0):
    """A function that prints a line for every new row, with the time that is left if the total is
    known"""
    start, count = time.monotonic(), 0

    def report(row: dict) -> None:
        nonlocal count
        count += 1
        seconds = (time.monotonic() - start) / count
        found = 'passes' if row['pasted']['passes'] else f'{row["pasted"]["credit"]:.2f}'
        where = f'{row["set"]} {row["number"]} {row["kind"]}'
        left = f'{seconds:.1f} s a row'
        if total:
            left += f', {seconds * (total - count) / 60:.0f} min for the rest'
        print(f'{row["method"]:18} {where:20} {found:7} {left}', flush=True)

    return report


def prune(path: Path) -> None:
    """Keep the latest row of each method and pair"""
    rows = [row for split in SPLITS for row in read_rows(path, split=split)]
    lines = [json.dumps(row, separators=(',', ':')) + '\n' for row in rows]
    path.write_text(''.join(lines), encoding='utf-8')


def make(given: Namespace, methods: list) -> None:
    """The rows that are not there yet"""
    pipe = embedded_pipeline()
    wanted = pairs(given.pairs, given.split, tuple(given.sets))
    report = progress(len(wanted) * len(methods))
    run(pipe, wanted, methods, given.output, report, given.frames)


def main() -> None:
    """Run, then print the table"""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument('--pairs', type=int, default=8, help='of each set')
    parser.add_argument('--methods', nargs='+', default=list(METHODS), choices=METHODS)
    parser.add_argument('--sets', nargs='+', default=list(SETS), choices=SETS)
    parser.add_argument('--split', default='test', choices=SPLITS)
    parser.add_argument('--output', type=Path, default=ROOT / 'nbs' / 'results' / 'benchmark.jsonl')
    parser.add_argument('--frames', type=Path, metavar='FOLDER', help='keep frames in a folder')
    parser.add_argument('--rejudge', type=Path, metavar='FOLDER', help='judge kept frames again')
    parser.add_argument('--table', action='store_true', help='run nothing, print the tables')
    parser.add_argument('--prune', action='store_true', help='drop rows that newer ones replace')
    given = parser.parse_args()
    methods = [METHODS[name] for name in given.methods]
    if given.rejudge:
        rejudge(given.rejudge, methods, given.output, progress())
    elif not given.table:
        make(given, methods)
    if given.prune:
        prune(given.output)
    rows = read_rows(given.output, split=given.split)
    if rows:
        print(table(rows, 'default' if 'default' in given.methods else given.methods[0]))
        shares = [shares_by(rows, what) for what in ('set', 'kind', 'rule')]
        print('', measures(rows), *shares, sep='\n\n')


if __name__ == '__main__':
    main()
