"""Do the documents name what is there? Contributing, the front page and the notebooks' prose

    python tools/names.py

`module.name` in backticks, "`name` in `module`" and `from cogvideo_ddim_edit.module import name`
must be found in that module. In "The path of one edit" each hop must name the next one, so that a
reader can follow them. Reads the modules' text and imports nothing. `CHANGELOG.md` is left out:
it tells of names that went."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache

from project import PACKAGE, ROOT, Failed, cells, files, notebooks, relative

PATH = 'The path of one edit'
FILE_ENDINGS = ('json', 'py', 'ipynb', 'md')
DOTTED = re.compile(r'`(?:cogvideo_ddim_edit\.)?((?:world\.)?[a-z]\w*)\.(\w+)[`(]')
IN_MODULE = re.compile(r'`(\w+)`,? \(?in `((?:world\.)?[a-z]\w*)`')
IMPORTED = re.compile(r'from cogvideo_ddim_edit\.([\w.]+) import ([\w, ]+)')


@cache
def parts(module: str) -> dict[str, str]:
    """Source of each function, class and value of a module, such as `masks` or `world.shapes`"""
    path = PACKAGE.joinpath(*module.split('.')).with_suffix('.py')
    text, found = path.read_text(encoding='utf-8'), {}
    for node in ast.parse(text).body:
        source = ast.get_source_segment(text, node)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found[node.name] = source
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = [name for name in ast.walk(node) if isinstance(name, ast.Name)]
            found |= {name.id: source for name in targets if isinstance(name.ctx, ast.Store)}
    return found


@cache
def modules() -> set[str]:
    """Names of all modules, those of the shapes world with `world.`"""
    paths = [path.relative_to(PACKAGE) for path in files(PACKAGE, suffixes=('.py',))]
    return {'.'.join(path.with_suffix('').parts) for path in paths if path.stem[0] != '_'}


def named(text: str) -> Iterator[tuple[str, str]]:
    """Pairs (module, name) that a text speaks of

    >>> sorted(named('`masks.token_mask`, `config.json`, `Edit` (in `edits`), `x.y`'))
    [('edits', 'Edit'), ('masks', 'token_mask')]
    """
    pairs = [match.groups() for match in DOTTED.finditer(text)]
    pairs += [(module, name) for name, module in IN_MODULE.findall(text)]
    for module, names in IMPORTED.findall(text):
        pairs += [(module, name.split(' as ')[0].strip()) for name in names.split(',')]
    for module, name in pairs:
        if module in modules() and name not in FILE_ENDINGS:
            yield module, name


def documents() -> Iterator[tuple[str, str]]:
    """Where a text stands, and the text"""
    for path in (ROOT / 'CONTRIBUTING.md', ROOT / 'README.md', *files(ROOT / '.github')):
        if path.suffix == '.md':
            yield relative(path), path.read_text(encoding='utf-8')
    for path in notebooks():
        for number, cell in enumerate(cells(path), 1):
            if cell['cell_type'] == 'markdown':
                yield f'{relative(path)}, cell {number}', cell['source']


def path_of_one_edit() -> list[tuple[str, str]]:
    """The functions that Contributing names on the way from `edit` to the mp4, in order"""
    text = (ROOT / 'CONTRIBUTING.md').read_text(encoding='utf-8')
    section = text.split(f'## {PATH}')[1].split('\n## ')[0]
    lines = re.findall(r'^\d+\. (.*)$', section, re.MULTILINE)
    return [next(named(line), ('', line)) for line in lines]


def hops() -> list[tuple[str, str]]:
    """Those of them that lead to where keys and values enter"""
    text = (ROOT / 'CONTRIBUTING.md').read_text(encoding='utf-8')
    numbers = re.search(r'hops: ((?:\d+ → )+\d+)', text)
    if numbers is None:
        raise Failed('CONTRIBUTING.md does not say which lines lead to keys and values')
    steps = path_of_one_edit()
    return [steps[int(number) - 1] for number in numbers[1].split(' → ')]


def public_names() -> tuple[dict, dict]:
    """Public names by module: those that are imported late, and those that type checkers read"""
    tree, late, typed = ast.parse((PACKAGE / '__init__.py').read_text(encoding='utf-8')), {}, {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and node.targets[0].id == '_homes':
            late = ast.literal_eval(node.value)
        elif isinstance(node, ast.ImportFrom) and node.level:
            typed[node.module] = [name.name for name in node.names]
    return late, typed


def check_names() -> None:
    """`Failed`, with a line for each name that is not there and each hop that leads nowhere"""
    problems = []
    for place, text in documents():
        for module, name in named(text):
            if name not in parts(module):
                problems.append(f'{place}: there is no {name} in {module}')
    for module, line in path_of_one_edit():
        if not module:
            problems.append(f'CONTRIBUTING.md, {PATH}: no function is named in {line!r}')
    way = hops()
    for (module, name), (_, following) in zip(way, way[1:], strict=False):
        if not re.search(rf'\b{following}\b', parts(module).get(name, '')):
            problems.append(f'CONTRIBUTING.md, {PATH}: {module}.{name} does not name {following}')
    late, typed = public_names()
    if late != typed:
        problems.append('cogvideo_ddim_edit/__init__.py: the imports for type checkers are others')
    if problems:
        raise Failed('\n'.join(problems))


if __name__ == '__main__':
    try:
        check_names()
    except Failed as problems:
        sys.exit(str(problems))
