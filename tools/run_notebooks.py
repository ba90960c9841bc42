"""Run notebooks as a reader would and keep what they show, the same bytes every time

    python tools/run_notebooks.py                    every notebook of nbs/
    python tools/run_notebooks.py 07_export cli      only these
    python tools/run_notebooks.py --flags gpu        also the cells flagged `#| gpu`
    python tools/run_notebooks.py --check            write nothing; say whose outputs would change

Cells that `nbdev_test` passes over (`#| eval: false`, flags in `tst_flags` of settings.ini) keep
the outputs they have."""

import json
import os
import re
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path

import nbformat
from execnb.nbio import dict2nb, nb2str
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbdev.clean import clean_nb
from nbdev.config import get_config
from nbdev.process import extract_directives
from project import ROOT, Failed, chosen

CELL_SECONDS = 900
WIDGETS = 'application/vnd.jupyter.widget-state+json'
WIDGET = 'application/vnd.jupyter.widget-view+json'
# Alone, or behind `IPY_MODEL_`, which is no end of a word
MODEL_ID = re.compile(r'(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])')


def passed_over(cell: dict, flags: set) -> bool:
    """Would `nbdev_test` leave this code cell out?"""
    directives = extract_directives(dict2nb({'cells': [dict(cell)]}).cells[0], remove=False)
    not_evaluated = directives.get('eval:', [''])[0].lower() == 'false'
    return not_evaluated or bool(flags & directives.keys()) or 'nbdev_export(' in cell.source


class Reader(NotebookClient):
    """Runs a notebook from top to bottom, without the cells that carry one of `flags`"""

    flags = frozenset()

    async def async_execute_cell(self, cell, *args, **kwargs):
        if cell.cell_type == 'code' and passed_over(cell, self.flags):
            return cell
        return await super().async_execute_cell(cell, *args, **kwargs)


def is_bar(output: dict) -> bool:
    """Is an output a progress bar of tqdm?

    >>> is_bar({'data': {WIDGET: {}, 'text/plain': '  0%|          | 0/4'}})
    True
    """
    data = output.get('data', {})
    return WIDGET in data and '%|' in ''.join(data.get('text/plain', ''))


def without_bars(nb: dict) -> dict:
    """The notebook without progress bars, which nobody watches any more"""
    for cell in nb['cells']:
        if cell['cell_type'] == 'code':
            cell['outputs'] = [output for output in cell['outputs'] if not is_bar(output)]
    return nb


def number_widgets(nb: dict) -> dict:
    """The notebook with its widgets' random names replaced by the order in which a reader meets
    them, and without those that nobody meets"""
    kinds = nb['metadata'].get('widgets', {})
    if WIDGETS not in kinds:
        return nb
    state, numbers = kinds[WIDGETS]['state'], {}

    def meet(text):
        for name in MODEL_ID.findall(text):
            if name in state and name not in numbers:
                numbers[name] = f'{len(numbers):032x}'
                meet(json.dumps(state[name], sort_keys=True))

    meet(json.dumps(nb['cells']))
    kinds[WIDGETS]['state'] = {name: state[name] for name in numbers}
    return json.loads(MODEL_ID.sub(lambda found: numbers.get(found[0], found[0]), json.dumps(nb)))


def run(path: Path, flags: set) -> str:
    """The notebook's new text, cleaned as `nbdev_clean` does it"""
    nb = nbformat.read(path, 4)
    # Sockets lie in a folder of their own: runs side by side do not race for ports
    with tempfile.TemporaryDirectory() as folder:
        kernel = AsyncKernelManager(kernel_name='python3', transport='ipc', ip=f'{folder}/kernel')
        resources = {'metadata': {'path': str(path.parent)}}
        options = {'timeout': CELL_SECONDS, 'coalesce_streams': True, 'resources': resources}
        reader = Reader(nb, km=kernel, **options)
        reader.flags = flags
        reader.execute()
    nb = number_widgets(without_bars(json.loads(nbformat.writes(nb))))
    clean_nb(nb)
    return nb2str(nb)


def differing(old: str, new: str) -> list[int]:
    """Numbers of the cells that are not the same, from 1"""
    pairs = zip(*(json.loads(text)['cells'] for text in (old, new)), strict=False)
    return [number for number, (a, b) in enumerate(pairs, 1) if a != b]


def update(path: Path, flags: set, only_check: bool) -> bool:
    """Run one notebook and keep its outputs, or compare them; True if all is well"""
    try:
        new = run(path, flags)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as problem:
        print(f'{path.stem}: stopped, nothing written\n{problem}', file=sys.stderr)
        return False
    old = path.read_text(encoding='utf-8')
    if new == old:
        print(f'{path.stem}: same', flush=True)
        return True
    if only_check:
        print(f'{path.stem}: would change in cells {differing(old, new)}', flush=True)
        return False
    path.write_text(new, encoding='utf-8')
    print(f'{path.stem}: written', flush=True)
    return True


def main(argv: list[str] | None = None) -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('names', nargs='*', help='with or without number and .ipynb; default: all')
    parser.add_argument(
        '--flags',
        default='',
        help="flags of cells to run although tst_flags leaves them out: 'gpu'",
    )
    parser.add_argument(
        '--check', action='store_true', help='write nothing; exit 1 if outputs would change'
    )
    args = parser.parse_args(argv)
    os.chdir(ROOT)
    os.environ |= {
        'PYTHONPATH': str(ROOT),
        'MPLBACKEND': 'module://matplotlib_inline.backend_inline',
        'PYTHONHASHSEED': '0',
        'CVE_CACHE': str(Path(tempfile.gettempdir()) / f'notebooks-cache-{os.getpid()}'),
    }
    flags = set(get_config().tst_flags.split()) - set(args.flags.split())
    try:
        paths = chosen(args.names)
    except Failed as problem:
        parser.error(str(problem))
    return int(not all([update(path, flags, args.check) for path in paths]))


if __name__ == '__main__':
    sys.exit(main())
