"""Do notebooks and tools keep the house style? `ruff check`, and what ruff has no rule for

    python tools/style.py                  every notebook, and the tools
    python tools/style.py 07_export        only these notebooks

A file whose ignored rules are `ALL` in `pyproject.toml` (`[tool.ruff.lint.per-file-ignores]`) is
not written in this style yet. It is let through, but only as long as that is so."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from project import ROOT, TOOLS, Failed, cells, chosen, files, program, pyproject, relative

MOST_SHOWN = 40
FILLERS = {'said', 'told', 'made', 'own', 'asked', 'more'}
JUMPS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
EXPECT_ERRORS = {'ExceptionExpected', 'suppress'}
LIST = '[tool.ruff.lint.per-file-ignores] in pyproject.toml'


class Problem(NamedTuple):
    """One place that does not keep a rule"""

    file: str
    cell: int  # counted from 1, code and text alike; 0 in a Python file
    line: int
    message: str

    def __str__(self):
        place = f'cell {self.cell}, line {self.line}' if self.cell else f'line {self.line}'
        return f'{self.file}, {place}: {self.message}'


def may_share_line(block: ast.AST) -> bool:
    """May the body stand on the header's line? A guard may, and an error that is expected

    >>> def may(source): return may_share_line(ast.parse(source).body[0])
    >>> may('if x < 0: return'), may('if x < 0: x = 0'), may('if x < 0: raise E\\nelse: pass')
    (True, False, False)
    >>> may('with ExceptionExpected(E, "no"): f(1)'), may('with open(a) as f: f.read()')
    (True, False)
    """
    if isinstance(block, ast.If):
        return len(block.body) == 1 and isinstance(block.body[0], JUMPS) and not block.orelse
    if isinstance(block, ast.With):
        called = getattr(block.items[-1].context_expr, 'func', None)
        name = getattr(called, 'id', getattr(called, 'attr', ''))
        return len(block.body) == 1 and name in EXPECT_ERRORS
    return False


def is_squeezed(function: ast.FunctionDef) -> bool:
    """Does a whole function stand on one line, and is it not just a formula with a name?

    >>> def squeezed(source): return is_squeezed(ast.parse(source).body[0])
    >>> squeezed('def f(x): return x + 1'), squeezed('def f(x): print(x)')
    (False, True)
    >>> squeezed('def f(x): "Doc"; return x'), squeezed('def f(x):\\n    print(x)')
    (True, False)
    """
    starts = [
        function.lineno,
        *(node.end_lineno for node in ast.walk(function.args) if hasattr(node, 'end_lineno')),
    ]
    shares_line = function.body[0].lineno == max(starts)
    return shares_line and not (
        len(function.body) == 1 and isinstance(function.body[0], ast.Return)
    )


def names_given(node: ast.AST) -> list[str]:
    """The name that this node binds, if it binds one"""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return [node.id]
    if isinstance(node, ast.arg):
        return [node.arg]
    return [node.name] if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else []


def nests_conditionals(node: ast.AST) -> bool:
    """Is this `a if b else c` with another one inside?"""
    inside = [child for child in ast.walk(node) if isinstance(child, ast.IfExp)]
    return isinstance(node, ast.IfExp) and len(inside) > 1


def parse(source: str) -> ast.Module:
    """A cell's syntax tree, without magics; an empty one if it is none (ruff says that better)"""
    if source.lstrip().startswith('%%'):
        return ast.Module([], [])
    try:
        return ast.parse(re.sub(r'(?m)^(\s*)[%!].*', r'\1pass', source))
    except SyntaxError:
        return ast.Module([], [])


def shared_lines(source: str) -> set[int]:
    """Lines on which a body may stand beside its header"""
    return {node.body[0].lineno for node in ast.walk(parse(source)) if may_share_line(node)}


def house_rules(source: str) -> Iterator[tuple[int, str]]:
    """Line and message of everything that ruff has no rule for

    >>> list(house_rules('x = 1 if a else 2 if b else 3'))
    [(1, 'a conditional expression inside another')]
    >>> list(house_rules('%time f()\\n!ls\\nmore = f(said=1)'))
    [(3, '`more` says nothing: name what it is')]
    >>> list(house_rules('def f(x): print(x)'))
    [(1, 'a function on one line may only return a value')]
    """
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.FunctionDef) and is_squeezed(node):
            yield node.lineno, 'a function on one line may only return a value'
        if nests_conditionals(node):
            yield node.lineno, 'a conditional expression inside another'
        for name in FILLERS.intersection(names_given(node)):
            yield node.lineno, f'`{name}` says nothing: name what it is'


def sources(path: Path) -> dict[int, str]:
    """A notebook's code cells by number, or a Python file as number 0"""
    if path.suffix != '.ipynb':
        return {0: path.read_text(encoding='utf-8')}
    numbered = enumerate(cells(path), 1)
    return {number: cell['source'] for number, cell in numbered if cell['cell_type'] == 'code'}


def ruff_check(paths: list[Path]) -> list[dict]:
    """What `ruff check` finds, also in files that are let through, and one-line bodies with it"""
    done = subprocess.run(
        [program('ruff'), 'check', '--no-cache', '--output-format', 'json']
        + ['--config', 'lint.per-file-ignores={}', '--extend-select', 'E701', '--']
        + [str(path) for path in paths],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding='utf-8',
    )
    if done.returncode > 1:
        raise Failed(f'ruff check could not run: {done.stderr}')
    return json.loads(done.stdout)


def problems(paths: list[Path]) -> list[Problem]:
    """Everything in these files that does not keep a rule"""
    by_file = {path: sources(path) for path in paths}
    found = [
        Problem(relative(path), cell, line, message)
        for path, by_cell in by_file.items()
        for cell, source in by_cell.items()
        for line, message in house_rules(source)
    ]
    for row in ruff_check(paths):
        path, cell, line = Path(row['filename']), row['cell'] or 0, row['location']['row']
        if row['code'] == 'E701' and line in shared_lines(by_file[path][cell]):
            continue
        found.append(Problem(relative(path), cell, line, f'{row["code"]} {row["message"]}'))
    return sorted(found)


def let_through() -> list[str]:
    """Files that are not written in this style yet, as `pyproject.toml` lists them"""
    ignored = pyproject()['tool']['ruff']['lint'].get('per-file-ignores', {})
    return [file for file, rules in ignored.items() if rules == ['ALL']]


def checked_files() -> list[Path]:
    """All notebooks, the tools and the package's set-up"""
    return [*chosen([]), *files(TOOLS, suffixes=('.py',)), ROOT / 'setup.py']


def check_style(paths: list[Path]) -> None:
    """Raise `Failed` if a file breaks a rule, or is let through without need"""
    found, listed = problems(paths), let_through()
    lines = [str(problem) for problem in found if problem.file not in listed]
    if len(lines) > MOST_SHOWN:
        lines[MOST_SHOWN:] = [f'… and {len(lines) - MOST_SHOWN} others']
    unclean = {problem.file for problem in found}
    clean = {relative(path) for path in paths} - unclean
    for file in listed:
        if file in clean:
            lines.append(f'{file} keeps every rule now: take it off {LIST}')
        if not (ROOT / file).exists():
            lines.append(f'{file} is not there: take it off {LIST}')
    if lines:
        raise Failed('\n'.join(lines))


def main(names: list[str]) -> int:
    try:
        check_style(chosen(names) if names else checked_files())
    except Failed as problem:
        print(problem)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
