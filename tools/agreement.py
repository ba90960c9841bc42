"""Does the model itself see which edits failed? Adds to nbs/results/agreement.jsonl

    python tools/agreement.py                              40 test pairs of each set
    python tools/agreement.py --split validation --pairs 20
    python tools/agreement.py --frames kept                reads frames that tools/benchmark.py kept

Edits by `default`, each judged, and read by the embedded model under both prompts
(nbs/05b_agreement). A run that was stopped goes on where it was. One thread."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from project import ROOT, embedded_pipeline

from cogvideo_ddim_edit.agreement import DEEP, agreement
from cogvideo_ddim_edit.codec import encode_video
from cogvideo_ddim_edit.video import Video
from cogvideo_ddim_edit.world.methods import METHODS
from cogvideo_ddim_edit.world.pairs import Pair, pairs
from cogvideo_ddim_edit.world.rows import add_row, edited, key_of, model_code, rows_in, verdict

DEPTHS = (0.003, DEEP, 0.055, 0.25)  # ᾱ, compared on validation pairs
KEY = ('method', 'set', 'split', 'number', 'model')  # makes a row the same row


def report(row: dict) -> None:
    """One line for a row"""
    found = 'passes' if row['passes'] else f'{row["credit"]:.2f}'
    errors = f'{row["source"]:.3f} {row["prompt"]:.3f}'
    print(f'{row["set"]} {row["number"]} {row["hidden"]} {errors} {found}', flush=True)


def add(pipe, pair: Pair, about: dict, folder: Path | None, path: Path) -> None:
    """The row of one pair"""
    frames, trips = edited(pipe, METHODS[about['method']], pair, folder, about['model'])
    judged = verdict(frames, pair, trips['answer'])
    latents = encode_video(pipe, Video(frames))
    for hidden in (DEEP,) if pair.split == 'test' else DEPTHS:
        found = agreement(pipe, latents, pair.source_prompt, pair.prompt, hidden=hidden)
        errors = dict(hidden=hidden, source=round(found.source, 5), prompt=round(found.prompt, 5))
        add_row(path, about | errors | judged, report)


def main() -> None:
    """Make the rows"""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument('--pairs', type=int, default=40, help='of each set')
    parser.add_argument('--split', choices=('test', 'validation'), default='test')
    parser.add_argument('--frames', type=Path, help='folder of kept frames')
    output = ROOT / 'nbs' / 'results' / 'agreement.jsonl'
    parser.add_argument('--output', type=Path, default=output)
    given = parser.parse_args()
    there = {key_of(row, KEY) for row in rows_in(given.output)}
    pipe = embedded_pipeline()
    model = model_code(pipe)
    for pair in pairs(given.pairs, given.split):
        about = dict(method='default', set=pair.set, kind=pair.kind, split=pair.split)
        about |= dict(number=pair.number, model=model)
        if key_of(about, KEY) not in there:
            add(pipe, pair, about, given.frames, given.output)


if __name__ == '__main__':
    main()
