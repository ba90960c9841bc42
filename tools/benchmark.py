"""Compare ways of editing on pairs whose answer is known; adds to nbs/results/benchmark.jsonl

    python tools/benchmark.py --pairs 40                       40 pairs of each set, every method
    python tools/benchmark.py --pairs 8 --methods default fast
    python tools/benchmark.py --pairs 8 --sets drawn two --output output/some.jsonl
    python tools/benchmark.py --table                          only print what is there

A run that was stopped goes on where it was. One thread. Rows of other settings or another model
stay in the file until `--prune`; the latest row of a method and pair counts."""

import json
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

import torch
from project import ROOT

from cogvideo_ddim_edit.loading import load_pipeline
from cogvideo_ddim_edit.world.benchmark import read_rows, run, shares_by, table
from cogvideo_ddim_edit.world.methods import METHODS
from cogvideo_ddim_edit.world.pairs import SETS, SPLITS, pairs


def progress(total: int):
    """A function that prints a line for every new row, with the time that is left"""
    start, count = time.monotonic(), 0

    def report(row: dict) -> None:
        nonlocal count
        count += 1
        seconds = (time.monotonic() - start) / count
        found = 'passes' if row['pasted']['passes'] else f'{row["pasted"]["credit"]:.2f}'
        where = f'{row["set"]} {row["number"]} {row["kind"]}'
        left = f'{seconds:.1f} s a row, {seconds * (total - count) / 60:.0f} min for the rest'
        print(f'{row["method"]:18} {where:20} {found:7} {left}', flush=True)

    return report


def prune(path: Path) -> None:
    """Keep the latest row of each method and pair"""
    rows = [row for split in SPLITS for row in read_rows(path, split=split)]
    path.write_text(''.join(json.dumps(row) + '\n' for row in rows), encoding='utf-8')


def main() -> None:
    """Run, then print the table"""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument('--pairs', type=int, default=8, help='of each set')
    parser.add_argument('--methods', nargs='+', default=list(METHODS), choices=METHODS)
    parser.add_argument('--sets', nargs='+', default=list(SETS), choices=SETS)
    parser.add_argument('--split', default='test', choices=SPLITS)
    parser.add_argument('--output', type=Path, default=ROOT / 'nbs' / 'results' / 'benchmark.jsonl')
    parser.add_argument('--table', action='store_true', help='run nothing, print the tables')
    parser.add_argument('--prune', action='store_true', help='drop rows that newer ones replace')
    given = parser.parse_args()
    torch.set_num_threads(1)
    if not given.table:
        given.output.parent.mkdir(parents=True, exist_ok=True)
        pipe = load_pipeline(device='cpu')
        pipe.set_progress_bar_config(disable=True)
        wanted = pairs(given.pairs, given.split, tuple(given.sets))
        methods = [METHODS[name] for name in given.methods]
        run(pipe, wanted, methods, given.output, progress(len(wanted) * len(methods)))
    if given.prune:
        prune(given.output)
    rows = read_rows(given.output, split=given.split)
    if rows:
        print(table(rows, 'default' if 'default' in given.methods else given.methods[0]))
        print(shares_by(rows, 'set'), shares_by(rows, 'kind'), shares_by(rows, 'rule'), sep='\n\n')


if __name__ == '__main__':
    main()
