"""Train the embedded model on, or its autoencoder

    python tools/train.py transformer --out runs/wide --device cuda --workers 14
    python tools/train.py transformer --out runs/longer --resume runs/wide --flat 0.6
    python tools/train.py autoencoder --out runs/autoencoder
    python tools/train.py model --checkpoint runs/wide --out runs/model

Checkpoints are written on the way; `model` makes a folder of one that `load_pipeline` reads. Needs
torch (2.9 or later, for Muon), diffusers, transformers and safetensors; the autoencoder also
scikit-image. Drawing processes import this file, so everything heavy is imported when used."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
WEIGHTS = ROOT / 'cogvideo_ddim_edit' / 'weights'
CHANGES = ('seconds', 'learning_rate', 'flat', 'seed', 'checkpoint_dtype', 'checkpoint_seconds')


def report(line: str) -> None:
    print(line, flush=True)


def changes_of(args: Namespace) -> dict:
    """Settings that were given"""
    return {name: getattr(args, name) for name in CHANGES if getattr(args, name) is not None}


def formats_of(args: Namespace) -> tuple:
    """What is trained: with larger batches, or small enough to try everything on a CPU"""
    from dataclasses import replace

    from cogvideo_ddim_edit.world.batches import FORMATS

    if args.small:
        return tuple(replace(one, kept=16, batch=2 * args.batch, lot=4) for one in FORMATS)
    return tuple(replace(one, batch=one.batch * args.batch) for one in FORMATS)


def train_transformer(args: Namespace) -> None:
    from cogvideo_ddim_edit.world import training, transformer

    transformer.train_transformer(
        args.start,
        args.out,
        training.TrainingSettings(**changes_of(args)),
        formats=formats_of(args),
        resume_from=args.resume,
        workers=args.workers,
        lots=20 if args.small else 1600,
        fill_seconds=args.fill_seconds,
        device=args.device,
        report=report,
    )


def train_autoencoder(args: Namespace) -> None:
    from diffusers import AutoencoderKLCogVideoX

    from cogvideo_ddim_edit.world import autoencoder

    start = AutoencoderKLCogVideoX.from_pretrained(args.start, subfolder='vae').float()
    settings = autoencoder.AUTOENCODER_RUN.changed(**changes_of(args))
    autoencoder.train_autoencoder(start.eval(), args.out, settings, report=report)


def make_model(args: Namespace) -> None:
    from cogvideo_ddim_edit.world.transformer import save_model

    save_model(args.start, args.checkpoint, args.out)


def parser() -> ArgumentParser:
    """The command line"""
    common = ArgumentParser(add_help=False)
    common.add_argument('--out', type=Path, required=True, help='folder that is written')
    start = 'diffusers folder to begin with; default: the embedded model'
    common.add_argument('--start', type=Path, default=WEIGHTS, help=start)
    training = ArgumentParser(add_help=False)
    training.add_argument('--seconds', type=float, help='how long')
    training.add_argument('--learning_rate', type=float, help='the highest')
    training.add_argument('--flat', type=float, help='share of the run after which it falls')
    training.add_argument('--seed', type=int, help='of everything drawn by lot')
    training.add_argument('--checkpoint_dtype', choices=('float32', 'bfloat16'))
    training.add_argument('--checkpoint_seconds', type=float, help='between checkpoints')
    whole = ArgumentParser(description=__doc__.splitlines()[0])
    what = whole.add_subparsers(required=True)
    one = what.add_parser('transformer', parents=[common, training])
    one.add_argument('--resume', type=Path, help='folder of a checkpoint to go on from')
    one.add_argument('--workers', type=int, default=0, help='processes that draw videos')
    one.add_argument('--fill_seconds', type=float, default=45.0, help='of drawing before training')
    one.add_argument('--device', default='cpu')
    batch = 'times as many videos in a step, for a GPU that waits for its host'
    one.add_argument('--batch', type=int, default=1, help=batch)
    one.add_argument('--small', action='store_true', help='few videos, to try it on a CPU')
    one.set_defaults(run=train_transformer)
    what.add_parser('autoencoder', parents=[common, training]).set_defaults(run=train_autoencoder)
    model = what.add_parser('model', parents=[common])
    model.add_argument('--checkpoint', type=Path, required=True, help='folder of a training')
    model.set_defaults(run=make_model)
    return whole


def main(argv: list[str] | None = None) -> None:
    args = parser().parse_args(argv)
    args.run(args)


if __name__ == '__main__':
    main()
