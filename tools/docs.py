"""Would the site be built? Every notebook goes through what `nbdev_docs` does before Quarto

    python tools/docs.py                      all notebooks
    python tools/docs.py 02_video             some
    python tools/docs.py --out FOLDER         keep the processed notebooks

The build runs cells that export, import or document, and looks up every annotation; a notebook
for which that fails stops the whole site. A class of settings must come out as a table with every
field and what it means (tools/symbols.py), and the sidebar must list every notebook. What the pages
look like is for browser_site.py."""

import gc
import json
import os
import re
import sys
import traceback
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

import symbols
import yaml
from project import NBS, Failed, chosen, notebooks, relative

DOCUMENTED = re.compile(r'^show_doc\((\w+)\)', re.MULTILINE)


def processed(path: Path) -> dict:
    """A notebook as the site gets it; raises what its cells raise"""
    from execnb.nbio import nb2dict
    from nbdev.processors import FilterDefaults
    from nbdev.process import read_nb

    notebook = read_nb(path)
    FilterDefaults().nb_proc(notebook).process()
    return nb2dict(notebook)


def tables(notebook: dict) -> dict[str, str]:
    """What a processed notebook shows of each class or function, by name, as Markdown"""
    found = {}
    for cell in notebook['cells']:
        name = DOCUMENTED.search(''.join(cell['source']))
        if name and cell.get('outputs'):
            found[name[1]] = ''.join(cell['outputs'][0].get('data', {}).get('text/markdown', ''))
    return found


def check_tables(notebook: dict) -> None:
    """`Failed` if a class of settings has a field whose meaning the site does not show"""
    from cogvideo_ddim_edit.settings import Settings

    problems = []
    for name, shown in tables(notebook).items():
        for kind in symbols.namesakes(name):
            if not (isinstance(kind, type) and issubclass(kind, Settings)):
                continue
            for field in symbols.names_of(kind):
                if not re.search(rf'(?m)^\| \*\*{field}\*\* \|.*\| *[^| ][^|]* \|$', shown):
                    problems.append(f'{name}.{field} has no meaning in the table')
    if problems:
        raise Failed('; '.join(problems))


def unlisted() -> list[str]:
    """Notebooks that no part of the site's sidebar leads to"""
    site = yaml.safe_load((NBS / '_quarto.yml').read_text(encoding='utf-8'))['website']
    listed = set()
    for part in site['sidebar']['contents']:
        inside = part['contents'] if isinstance(part, dict) else part
        for pattern in [inside] if isinstance(inside, str) else inside:
            listed |= set(NBS.glob(pattern))
    return [relative(path) for path in notebooks() if path not in listed]


def main() -> int:
    """Process notebooks and say which fail"""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument('notebooks', nargs='*', help='default: all')
    parser.add_argument('--out', type=Path, help='a folder for the processed notebooks')
    given = parser.parse_args()
    missing = [] if given.notebooks else unlisted()
    for name in missing:
        print(f'FAIL {name}: the sidebar in nbs/_quarto.yml does not list it')
    passed, failed = 0, len(missing)
    gc.disable()  # every notebook's shell lives to the end: there is nothing to collect
    for path in chosen(given.notebooks):
        try:
            notebook = processed(path)
            check_tables(notebook)
        except Exception as error:
            failed += 1
            print(f'FAIL {relative(path)}: {error}', flush=True)
            traceback.print_exception(error.__cause__, limit=-1)
            continue
        if given.out:
            target = given.out / path.relative_to(NBS)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(notebook), encoding='utf-8')
        passed += 1
    print(f'{passed} passed, {failed} failed')
    return bool(failed)


if __name__ == '__main__':
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # at an ordinary end each of the shells collects garbage, a minute in all
