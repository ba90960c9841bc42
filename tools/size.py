"""How long is the code really? Modules and functions as `ruff format` lays them out

    python tools/size.py

A function has at most 60 lines. Those that are longer still stand in `pyproject.toml`
(`[tool.house] long-functions`); that list may only become shorter."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from project import PACKAGE, Failed, files, program, pyproject

LINE, FUNCTION, MODULE = 100, 60, 300
LIST = '[tool.house] long-functions in pyproject.toml'


class Module(NamedTuple):
    """A module's size, in lines"""

    name: str  # within the package
    written: int  # lines as they stand
    lines: int  # lines as ruff lays them out
    functions: dict[str, int]  # by 'module.py:Class.function'


def laid_out(path: Path) -> str:
    """A module's source as `ruff format` writes it, whatever this project's settings are"""
    done = subprocess.run(
        [program('ruff'), 'format', '--isolated', f'--line-length={LINE}', '-'],
        input=path.read_text(encoding='utf-8'),
        capture_output=True,
        text=True,
        encoding='utf-8',
    )
    if done.returncode:
        raise Failed(f'ruff format cannot read {path.name}: {done.stderr}')
    return done.stdout


def function_lines(source: str) -> dict[str, int]:
    """Lines of every function by its full name, without its decorators

    >>> function_lines('class A:\\n    def f(x):\\n        def g():\\n            pass\\n')
    {'A.f': 3, 'A.f.g': 2}
    """
    found = {}

    def visit(node, prefix):
        for child in ast.iter_child_nodes(node):
            named = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            name = f'{prefix}{child.name}' if named else prefix
            if named and not isinstance(child, ast.ClassDef):
                found[name] = child.end_lineno - child.lineno + 1
            visit(child, f'{name}.' if named else prefix)

    visit(ast.parse(source), '')
    return found


def measured() -> list[Module]:
    """Every module, laid out and counted; the index that nbdev writes is none"""
    found = []
    for path in files(PACKAGE, suffixes=('.py',)):
        if path.name == '_modidx.py':
            continue
        name, source = path.relative_to(PACKAGE).as_posix(), laid_out(path)
        functions = {f'{name}:{key}': n for key, n in function_lines(source).items()}
        written = len(path.read_text(encoding='utf-8').splitlines())
        found.append(Module(name, written, len(source.splitlines()), functions))
    return found


def check_size() -> str:
    """The report in a line or two; raises `Failed` if a function is too long, or listed in vain"""
    modules = measured()
    functions = {name: n for module in modules for name, n in module.functions.items()}
    listed = pyproject()['tool'].get('house', {}).get('long-functions', [])
    too_long = {name for name, n in functions.items() if n > FUNCTION}
    lines = [
        f'{name} has {functions[name]} lines as ruff lays it out; at most {FUNCTION}'
        for name in sorted(too_long.difference(listed))
    ]
    for name in listed:
        if name not in too_long:
            now = f'has {functions[name]} lines' if name in functions else 'is not there'
            lines.append(f'{name} {now}: take it off {LIST}')
    if lines:
        raise Failed('\n'.join(lines))
    return report(modules)


def report(modules: list[Module]) -> str:
    """Figures to look at"""
    functions = {name: n for module in modules for name, n in module.functions.items()}
    longest = sorted(functions.items(), key=lambda item: -item[1])[:5]
    big = sorted((m for m in modules if m.written > MODULE), key=lambda m: -m.written)
    over = sum(n > FUNCTION for n in functions.values())
    named_modules = ', '.join(f'{m.name} {m.written}' for m in big) or 'none'
    named_functions = ', '.join(f'{name} {n}' for name, n in longest)
    return '\n'.join(
        [
            f'{len(modules)} modules, {sum(m.written for m in modules)} lines as written, '
            f'{sum(m.lines for m in modules)} as ruff lays them out',
            f'modules over {MODULE} lines as written: {named_modules}',
            f'functions over {FUNCTION} lines as laid out: {over}; longest: {named_functions}',
        ]
    )


def main() -> int:
    print(report(measured()))
    try:
        check_size()
    except Failed as problem:
        print(problem)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
