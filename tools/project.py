"""Where things lie in this project, and what `pyproject.toml` says of them: shared by the tools"""

import json
import re
import shutil
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NBS = ROOT / 'nbs'
PACKAGE = ROOT / 'cogvideo_ddim_edit'
TOOLS = ROOT / 'tools'
LEFT_BEHIND = {'__pycache__', '.ipynb_checkpoints'}


class Failed(Exception):
    """A check does not hold; the message says where and what to do, one line for each thing"""


def relative(path: Path) -> str:
    """The path as it is written in messages and settings"""
    return path.relative_to(ROOT).as_posix()


def files(*places: Path, suffixes: tuple = ('',)) -> list[Path]:
    """Files among and under `places` with one of the endings, without what programs leave behind"""
    found = []
    for place in places:
        found += [place] if place.is_file() else sorted(place.rglob('*'))
    return [
        path
        for path in found
        if path.is_file() and path.name.endswith(suffixes) and not LEFT_BEHIND & set(path.parts)
    ]


def notebooks() -> list[Path]:
    """Every notebook, the way nbdev finds them: no part of its path begins with a dot or `_`"""
    hidden = re.compile(r'(^|/)[._]')
    every = files(NBS, suffixes=('.ipynb',))
    return [path for path in every if not hidden.search(path.relative_to(NBS).as_posix())]


def chosen(names: list[str]) -> list[Path]:
    """The notebooks called `names`: with or without folder, number and `.ipynb`; all if none"""
    if not names:
        return notebooks()
    by_name: dict[str, list[Path]] = {}
    for path in notebooks():
        for key in {path.stem, re.sub(r'^\d+[a-z]?_', '', path.stem)}:
            by_name.setdefault(key, []).append(path)
    wanted = [re.sub(r'\.ipynb$', '', Path(name).name) for name in names]
    if unknown := [name for name in wanted if name not in by_name]:
        there = ', '.join(path.stem for path in notebooks())
        raise Failed(f'no notebook is called {", ".join(unknown)}; there are {there}')
    return sorted({path for name in wanted for path in by_name[name]})


def cells(path: Path) -> list[dict]:
    """A notebook's cells, each `source` as one string"""
    found = json.loads(path.read_text(encoding='utf-8'))['cells']
    return [cell | {'source': ''.join(cell['source'])} for cell in found]


def pyproject() -> dict:
    """What `pyproject.toml` says"""
    return tomllib.loads((ROOT / 'pyproject.toml').read_text(encoding='utf-8'))


def embedded_pipeline():
    """The embedded model on the CPU, with one thread (the same bits everywhere) and no bars"""
    import torch

    from cogvideo_ddim_edit.loading import load_pipeline

    torch.set_num_threads(1)
    pipe = load_pipeline(device='cpu')
    pipe.set_progress_bar_config(disable=True)
    return pipe


def program(name: str) -> str:
    """Full path of a program, that of this Python's environment first"""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        raise Failed(f"{name} is not installed; run pip install -e '.[dev]'")
    return found
