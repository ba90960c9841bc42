"""Stage notebooks open in Colab: a badge, and a cell that installs the package where it is missing

    python tools/badges.py            put both into the notebooks that lack them
    python tools/badges.py --check    write nothing; exit 1 if one lacks them

Which notebooks: `first_steps` and those of the parts `PARTS` of nbs/_quarto.yml's sidebar."""

import configparser
import json
import sys
import uuid
from argparse import ArgumentParser
from pathlib import Path

import yaml
from project import NBS, ROOT, relative

PARTS = ('How it works', 'Seeing and steering')
INSTALL = """#| hide
from importlib.util import find_spec
if find_spec('cogvideo_ddim_edit') is None: # in Colab
    %pip install -q {address}"""
COLAB = 'https://colab.research.google.com'


def repository() -> str:
    """Address of the repository without `https://`"""
    settings = configparser.ConfigParser()
    settings.read(ROOT / 'settings.ini')
    return settings['DEFAULT']['git_url'].removeprefix('https://')


def stages() -> list[Path]:
    """The notebooks that carry a badge"""
    sidebar = yaml.safe_load((NBS / '_quarto.yml').read_text())['website']['sidebar']['contents']
    names = ['first_steps.ipynb']
    for part in sidebar:
        if isinstance(part, dict) and part['section'] in PARTS:
            names += part['contents']
    return [NBS / name for name in names]


def opening(path: Path) -> tuple[str, str]:
    """The badge and the installing cell of a notebook"""
    branch = repository().replace('github.com', 'github', 1) + '/blob/main'
    badge = f'[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({COLAB}/{branch}/{relative(path)})'
    return badge, INSTALL.format(address=f'git+https://{repository()}')


def place(cells: list[dict]) -> int:
    """Where the badge stands: after the title, and after the name of the module"""
    second = ''.join(cells[1]['source'])
    return 2 if second.startswith('#| default_exp') else 1


def has_opening(path: Path, cells: list[dict]) -> bool:
    """Do the badge and the installing cell stand where they should?"""
    at = place(cells)
    return tuple(''.join(cell['source']) for cell in cells[at : at + 2]) == opening(path)


def add_opening(path: Path) -> None:
    """Write the badge and the installing cell, in place of older ones"""
    notebook = json.loads(path.read_text(encoding='utf-8'))
    cells = notebook['cells']
    at = place(cells)
    while any(mark in ''.join(cells[at]['source']) for mark in ('colab-badge', '# in Colab')):
        del cells[at]
    badge, install = opening(path)
    new = {'id': uuid.uuid4().hex[:8], 'metadata': {}}
    cells[at:at] = [
        new | {'cell_type': 'markdown', 'source': [badge]},
        new
        | {
            'id': uuid.uuid4().hex[:8],
            'cell_type': 'code',
            'source': install.splitlines(True),
            'execution_count': None,
            'outputs': [],
        },
    ]
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + '\n', encoding='utf-8')


def main() -> int:
    """Look at all stage notebooks"""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--check', action='store_true', help='write nothing; exit 1 if one lacks')
    only_check = parser.parse_args().check
    lacking = [
        path
        for path in stages()
        if not has_opening(path, json.loads(path.read_text(encoding='utf-8'))['cells'])
    ]
    if only_check:
        for path in lacking:
            print(f'{relative(path)} does not open in Colab: run python tools/badges.py')
        return bool(lacking)
    for path in lacking:
        add_opening(path)
        print(f'{relative(path)}: written')
    return 0


if __name__ == '__main__':
    sys.exit(main())
