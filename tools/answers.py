"""What comes back of the right answers themselves? Writes nbs/results/answers.jsonl

    python tools/answers.py               20 test pairs of each set, all tries of world/failures
    python tools/answers.py --pairs 2 --output output/some.jsonl

A run that was stopped goes on where it was. One thread."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from project import ROOT, embedded_pipeline

from cogvideo_ddim_edit.world.failures import TRIES
from cogvideo_ddim_edit.world.pairs import Pair, pairs
from cogvideo_ddim_edit.world.rows import add_row, key_of, model_code, rows_in, through, verdict

KEY = ('name', 'set', 'number', 'model')  # makes a row the same row


def report(row: dict) -> None:
    """One line for a row"""
    found = 'passes' if row['passes'] else f'{row["credit"]:.2f}'
    print(f'{row["name"]:36} {row["set"]} {row["number"]} {found}', flush=True)


def add(pipe, pair: Pair, model: str, there: set, path: Path) -> None:
    """The rows of one pair that are not there yet"""
    reachable = None
    for name, attempt in TRIES.items():
        row = dict(name=name, set=pair.set, number=pair.number, model=model)
        if key_of(row, KEY) in there:
            continue
        if reachable is None:
            reachable = through(pipe, pair.answer.frames)
        add_row(path, row | verdict(attempt(pipe, pair), pair, reachable), report)


def main() -> None:
    """Make the rows"""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument('--pairs', type=int, default=20, help='of each set')
    parser.add_argument('--output', type=Path, default=ROOT / 'nbs' / 'results' / 'answers.jsonl')
    given = parser.parse_args()
    there = {key_of(row, KEY) for row in rows_in(given.output)}
    pipe = embedded_pipeline()
    model = model_code(pipe)
    for pair in pairs(given.pairs):
        add(pipe, pair, model, there, given.output)


if __name__ == '__main__':
    main()
