"""Do notebooks and tools keep the house style? `ruff check`, and what ruff has no rule for

    python tools/style.py                  every notebook, and the tools
    python tools/style.py 07_export        only these notebooks
    python tools/style.py --fix cli        give every statement in these a line of its own

A file whose ignored rules are `ALL` in `pyproject.toml` (`[tool.ruff.lint.per-file-ignores]`) is
not written in this style yet. It is let through, but only as long as that is so."""

import ast
import json
import re
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from execnb.nbio import read_nb, write_nb
from project import NBS, ROOT, TOOLS, Failed, cells, chosen, files, program, pyproject, relative

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
    """May the body stand on the header's line? A guard, an expected error, a formula with a name

    >>> def may(source): return may_share_line(ast.parse(source).body[0])
    >>> may('if x < 0: return'), may('if x < 0: x = 0'), may('if x < 0: raise E\\nelse: pass')
    (True, False, False)
    >>> may('with ExceptionExpected(E, "no"): f(1)'), may('with open(a) as f: f.read()')
    (True, False)
    >>> may('def f(x): return x + 1'), may('def f(x): "Doc"; return x'), may('def f(x): print(x)')
    (True, False, False)
    """
    if len(block.body) != 1 or getattr(block, 'orelse', []):
        return False
    if isinstance(block, ast.If):
        return isinstance(block.body[0], JUMPS)
    if isinstance(block, ast.With):
        called = getattr(block.items[-1].context_expr, 'func', None)
        return getattr(called, 'id', getattr(called, 'attr', '')) in EXPECT_ERRORS
    return isinstance(block, ast.FunctionDef) and isinstance(block.body[0], JUMPS)


class Cut(NamedTuple):
    """A place where a statement should begin a line and does not"""

    line: int  # from 1
    column: int  # from 0, in bytes of UTF-8
    indent: str  # of the new line
    after_header: bool  # of a block; False: after another statement and `;`


def bodies(source: str) -> Iterator[tuple[ast.AST, str, list[ast.stmt]]]:
    """Every block, the name of its part, and the statements in that part"""
    for block in ast.walk(parse(source)):
        for part in ('body', 'orelse', 'finalbody'):
            statements = getattr(block, part, None)
            if isinstance(statements, list) and statements:
                yield block, part, statements


def cuts(source: str) -> list[Cut]:
    """Where the lines of this source should be cut

    >>> [cut.column for cut in cuts('a = 1; b = 2\\nif a: b = 3\\nelse: return')]
    [7, 6, 6]
    """
    lines = source.encode().splitlines()
    found = []

    def indent(line):
        return re.match(rb'\s*', lines[line - 1])[0].decode()

    def begins_line(statement):
        return not lines[statement.lineno - 1][: statement.col_offset].strip()

    for block, part, statements in bodies(source):
        first = statements[0]
        header = getattr(block, 'pattern', block) if part == 'body' else first
        inside = indent(first.lineno) if begins_line(first) else indent(header.lineno) + '    '
        for statement in statements:
            if begins_line(statement):
                continue
            after_header = statement is first
            if not (after_header and part == 'body' and may_share_line(block)):
                found.append(Cut(statement.lineno, statement.col_offset, inside, after_header))
    return sorted(found)


def cut_lines(source: str) -> str:
    """The same program with a line for each statement, but for guards and their like

    >>> print(cut_lines('for x in y: f(x); g(x) # why\\nif x: return'))
    for x in y:
        f(x)
        g(x) # why
    if x: return
    """
    lines = source.encode().splitlines()
    for line, column, indent, _ in reversed(cuts(source)):
        before, after = lines[line - 1][:column], lines[line - 1][column:]
        before = re.sub(rb'\s*;?\s*$', b'', before)
        lines[line - 1 : line] = [before, indent.encode() + after]
    result = b'\n'.join(lines).decode()
    if ast.dump(parse(result)) != ast.dump(parse(source)):
        raise Failed(f'cannot cut the lines of this cell; do it by hand:\n{source}')
    return result


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
    without_magics = re.sub(r'(?m)^(\s*)[%!].*', r'\1pass', source)
    for text in (source, without_magics):
        with suppress(SyntaxError):
            return ast.parse(text)
    return ast.Module([], [])


def house_rules(source: str) -> Iterator[tuple[int, str]]:
    """Line and message of everything that ruff has no rule for

    >>> list(house_rules('x = 1 if a else 2 if b else 3'))
    [(1, 'a conditional expression inside another')]
    >>> list(house_rules('%time f()\\n!ls\\nmore = f(said=1)'))
    [(3, '`more` says nothing: name what it is')]
    >>> list(house_rules('for x in y: f(x)'))
    [(1, 'after the colon begins a new line (`--fix` makes it)')]
    """
    for cut in cuts(source):
        if cut.after_header:
            yield cut.line, 'after the colon begins a new line (`--fix` makes it)'
    for node in ast.walk(parse(source)):
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
    """What `ruff check` finds, also in files that are let through"""
    done = subprocess.run(
        [program('ruff'), 'check', '--no-cache', '--output-format', 'json']
        + ['--config', 'lint.per-file-ignores={}', '--']
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
    found = [
        Problem(relative(path), cell, line, message)
        for path in paths
        for cell, source in sources(path).items()
        for line, message in house_rules(source)
    ]
    for row in ruff_check(paths):
        path, cell, line = Path(row['filename']), row['cell'] or 0, row['location']['row']
        found.append(Problem(relative(path), cell, line, f'{row["code"]} {row["message"]}'))
    return sorted(found)


def let_through() -> list[str]:
    """Files that are not written in this style yet, as `pyproject.toml` lists them"""
    ignored = pyproject()['tool']['ruff']['lint'].get('per-file-ignores', {})
    return [file for file, rules in ignored.items() if rules == ['ALL']]


def checked_files() -> list[Path]:
    """All notebooks, what they share, the tools and the package's set-up"""
    return [*chosen([]), *files(NBS, TOOLS, suffixes=('.py',)), ROOT / 'setup.py']


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


def fix(paths: list[Path]) -> None:
    """Cut the lines of notebooks and Python files in place"""
    for path in paths:
        if path.suffix != '.ipynb':
            text = path.read_text(encoding='utf-8')
            path.write_text(cut_lines(text) + '\n', encoding='utf-8')
            continue
        nb = read_nb(path)
        for cell in nb.cells:
            if cell.cell_type == 'code' and cuts(cell.source):
                cell.source = cut_lines(cell.source)
        write_nb(nb, path)


def main(argv: list[str] | None = None) -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('names', nargs='*', help='notebooks; default: all, and the tools')
    parser.add_argument('--fix', action='store_true', help='give every statement its own line')
    args = parser.parse_args(argv)
    try:
        paths = chosen(args.names) if args.names else checked_files()
        if args.fix:
            fix(paths)
        check_style(paths)
    except Failed as problem:
        print(problem)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
