"""Run notebooks as a reader would and keep what they show, the same bytes every time

    python tools/run_notebooks.py                       every notebook of nbs/
    python tools/run_notebooks.py 03_inversion 10_cli   only these
    python tools/run_notebooks.py --flags gpu           also the cells flagged `#| gpu`
    python tools/run_notebooks.py --check               write nothing; say whose outputs would change

Cells that `nbdev_test` passes over (`#| eval: false`, flags in `tst_flags` of settings.ini) keep the outputs they have."""
from argparse import ArgumentParser
from pathlib import Path
import json, os, re, sys, tempfile
import nbformat
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from execnb.nbio import dict2nb, nb2str
from nbdev.clean import clean_nb
from nbdev.config import get_config
from nbdev.process import extract_directives

ROOT = Path(__file__).resolve().parent.parent
CELL_SECONDS = 900
WIDGETS = 'application/vnd.jupyter.widget-state+json'
_model_id = re.compile(r'\b[0-9a-f]{32}\b')

def passed_over(cell, flags: set) -> bool:
    "Would `nbdev_test` leave this code cell out?"
    directives = extract_directives(dict2nb({'cells': [dict(cell)]}).cells[0], remove=False)
    return directives.get('eval:', [''])[0].lower() == 'false' or bool(flags & directives.keys()) or 'nbdev_export(' in cell.source

class Reader(NotebookClient):
    "Runs a notebook from top to bottom, without the cells that carry one of `flags`"
    flags = frozenset()

    async def async_execute_cell(self, cell, *args, **kwargs):
        if cell.cell_type == 'code' and passed_over(cell, self.flags): return cell
        return await super().async_execute_cell(cell, *args, **kwargs)

def number_widgets(nb: dict) -> dict:
    "Widget models come with random names: call them by the order in which a reader meets them, and drop those nobody meets"
    if WIDGETS not in (kinds := nb['metadata'].get('widgets', {})): return nb
    state, names = kinds[WIDGETS]['state'], {}

    def meet(text):
        for name in _model_id.findall(text):
            if name in state and name not in names:
                names[name] = f'{len(names):032x}'
                meet(json.dumps(state[name], sort_keys=True))

    meet(json.dumps(nb['cells']))
    kinds[WIDGETS]['state'] = {name: state[name] for name in names}
    return json.loads(_model_id.sub(lambda found: names.get(found[0], found[0]), json.dumps(nb)))

def run(path: Path, flags: set) -> str:
    "The notebook's new text, cleaned as `nbdev_clean` does it"
    nb = nbformat.read(path, 4)
    with tempfile.TemporaryDirectory() as folder: # sockets in a folder of our own: runs side by side do not race for ports
        kernel = AsyncKernelManager(kernel_name='python3', transport='ipc', ip=f'{folder}/kernel')
        reader = Reader(nb, km=kernel, timeout=CELL_SECONDS, coalesce_streams=True, resources={'metadata': {'path': str(path.parent)}})
        reader.flags = flags
        reader.execute()
    nb = number_widgets(json.loads(nbformat.writes(nb)))
    clean_nb(nb)
    return nb2str(nb)

def differing(old: str, new: str) -> list[int]:
    "Numbers of the cells that are not the same"
    old, new = (json.loads(text)['cells'] for text in (old, new))
    return [n for n, (a, b) in enumerate(zip(old, new)) if a != b]

def main(argv=None) -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('names', nargs='*', help='notebooks, with or without folder and .ipynb; default: all')
    parser.add_argument('--flags', default='', help="flags of cells to run although tst_flags leaves them out, e.g. 'gpu slow'")
    parser.add_argument('--check', action='store_true', help='write nothing; exit 1 if outputs would change')
    args = parser.parse_args(argv)
    os.chdir(ROOT)
    config = get_config()
    os.environ |= {'PYTHONPATH': str(ROOT), 'MPLBACKEND': 'module://matplotlib_inline.backend_inline', 'PYTHONHASHSEED': '0'}
    every = sorted(p for p in config.nbs_path.rglob('*.ipynb') if not re.search(r'(^|/)[._]', str(p.relative_to(config.nbs_path))))
    wanted = {Path(name).stem for name in args.names}
    if unknown := wanted - {p.stem for p in every}: parser.error(f'no notebook is called {", ".join(sorted(unknown))}')
    bad = 0
    for path in every:
        if wanted and path.stem not in wanted: continue
        try: text = run(path, set(config.tst_flags.split()) - set(args.flags.split()))
        except CellExecutionError as e:
            print(f'{path.stem}: stopped, nothing written\n{e}', file=sys.stderr)
            bad += 1
            continue
        old = path.read_text(encoding='utf-8')
        same = text == old
        bad += args.check and not same
        if not args.check and not same: path.write_text(text, encoding='utf-8')
        print(f'{path.stem}: {"same" if same else f"would change in cells {differing(old, text)}" if args.check else "written"}', flush=True)
    return bool(bad)

if __name__ == '__main__': sys.exit(main())
