"""Search settings with the same budget for every method; adds to nbs/results/search.jsonl

    python tools/search.py                                   every method, 8 trials of 10 pairs
    python tools/search.py default sdedit --budget 24 --pairs 16

Only validation pairs are used. A search that was stopped goes on where it was. One thread."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from project import ROOT, embedded_pipeline

from cogvideo_ddim_edit.world.methods import METHODS
from cogvideo_ddim_edit.world.pairs import pairs
from cogvideo_ddim_edit.world.search import SPACES, every_other, search


def report(found: dict) -> None:
    """One line for a trial"""
    shares = f'{found["score"]:.3f} raw {found["raw"]:.2f} pasted {found["pasted"]:.2f}'
    print(f'{found["method"]:16} {shares} {found["changes"]}', flush=True)


def main() -> None:
    """Search one method after the other"""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument('methods', nargs='*', metavar='method', help=f'of {", ".join(SPACES)}')
    parser.add_argument('--pairs', type=int, default=4, help='of each set; every other one is used')
    parser.add_argument('--budget', type=int, default=8, help='trials of each method')
    parser.add_argument('--output', type=Path, default=ROOT / 'nbs' / 'results' / 'search.jsonl')
    given = parser.parse_args()
    if unknown := [name for name in given.methods if name not in SPACES]:
        parser.error(f'{", ".join(unknown)}: use some of {", ".join(SPACES)}')
    pipe = embedded_pipeline()
    wanted = every_other(pairs(given.pairs, 'validation'))
    for name in given.methods or SPACES:
        best = search(
            pipe, METHODS[name], SPACES[name], wanted, given.budget, given.output, 0, report
        )
        print(f'best of {name}: {dict(best.changes)}', flush=True)


if __name__ == '__main__':
    main()
