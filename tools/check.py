"""Everything that must hold before a change goes in, in one command

    python tools/check.py                  everything
    python tools/check.py 07_export cli    what is quick, and these notebooks
    python tools/check.py --fast           what is quick: no notebook is run

Exports and cleans in place, so a tree that was out of step is in step after it (and the check says
so and fails). One line for each step, with its seconds; the last line is `N passed, N failed`, and
the exit status is 1 if anything failed. No network, no GPU; two notebooks at a time, one thread
each, and beside them what is tried in a browser."""

import ast
import doctest
import importlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from argparse import ArgumentParser
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import names
import size
import style
import warm
from project import (
    NBS,
    PACKAGE,
    ROOT,
    TOOLS,
    Failed,
    cells,
    chosen,
    files,
    notebooks,
    program,
    relative,
)

KIB, MIB, MB = 1024, 1024**2, 1000**2
BUDGETS = {
    'output': 100 * KIB,
    'picture': 150 * KIB,
    'notebook': MIB,
    'notebooks': 15 * MIB,
    'results': 3 * MIB,
    'weights': 32 * MB,
}
AT_ONCE, NOTEBOOK_SECONDS, STEP_SECONDS, BROWSER_SECONDS = 2, 600, 300, 600
LONG_SECONDS = 90  # of one processor: a notebook should take no more
LONG_ONES = (  # over 15 s of processor: they come first, so that none runs alone at the end
    *('05_reconstruction', 'failures', 'engines', 'cli', 'cost', 'kill', 'score', 'first_steps'),
    *('06_maps', '04a_masks', 'memory', 'attention_parallel', 'attention_compiled', '07a_restore'),
    *('04c_injection', '10e_commands', '01h_activations', 'inversions', 'odd_videos', 'edits'),
)
IN_A_BROWSER = ('player', 'report', 'exported', 'explorer', 'lab')  # of tools/browser.py
LIGHT_TOOLS = ('project', 'style', 'size', 'names', 'readme', 'linkcheck')
ENVIRONMENT = {
    'OMP_NUM_THREADS': '1',
    'OMP_WAIT_POLICY': 'PASSIVE',
    'TOKENIZERS_PARALLELISM': 'false',
    'MPLBACKEND': 'Agg',
    'HF_HUB_OFFLINE': '1',
    'CVE_CACHE': str(Path(tempfile.gettempdir()) / f'check-cache-{os.getpid()}'),
    'PYTHONPATH': str(ROOT),
    'PYTHONUNBUFFERED': '1',
}
# A folder that exists on somebody's machine only; Ann lives in examples
MACHINE = re.compile(
    r'(?<![\w.:/])/(?:root|home/(?!ann/)\w+|Users/\w+|tmp/\w+|work/\w+|opt/\w+|mnt/\w+)/[\w.]'
    r'|\b[A-Z]:\\+Users\\'
)


RUNNING = set()  # process groups of the programs that `command` waits for


def command(*arguments, seconds: float = STEP_SECONDS) -> str:
    """Output of a program; `Failed` if it fails, is missing, or takes too long (then it is stopped,
    with all that it started)"""
    process = subprocess.Popen(
        [program(str(arguments[0])), *map(str, arguments[1:])],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding='utf-8',
        errors='replace',
        start_new_session=True,
    )
    RUNNING.add(process.pid)
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        raise Failed(f'{output}\nstopped: {arguments[0]} took over {seconds} s') from None
    finally:
        RUNNING.discard(process.pid)
    if process.returncode:
        raise Failed(f'{output}\n{arguments[0]} ended with status {process.returncode}')
    return output


def fingerprints(paths: list[Path]) -> dict[str, str]:
    """What the files hold, in short"""
    return {relative(path): sha256(path.read_bytes()).hexdigest() for path in paths}


def must_not_change(watch: Callable[[], list[Path]], *arguments) -> None:
    """Run a program that must leave the files of `watch()` as they are"""
    before = fingerprints(watch())
    command(*arguments)
    after = fingerprints(watch())
    changed = sorted(f for f in before.keys() | after.keys() if before.get(f) != after.get(f))
    if changed:
        raise Failed(
            f'{arguments[0]} changed {", ".join(changed)}. '
            'The new contents are in place now: look at them and commit them'
        )


def none_of(problems: list[str]) -> None:
    """`Failed`, with a line for each problem, if there is any"""
    if problems:
        raise Failed('\n'.join(problems))


# The quick steps: each is a function that returns nothing, or raises `Failed`


def written_by_nbdev() -> list[Path]:
    """The files that an export may change"""
    return files(PACKAGE, ROOT / 'pyproject.toml', suffixes=('.py', '.toml'))


def exported() -> None:
    """modules are in step with notebooks"""
    must_not_change(written_by_nbdev, 'nbdev_export')


def sourced() -> None:
    """every module has its notebook"""
    problems = []
    for path in files(PACKAGE, suffixes=('.py',)):
        if path.name in {'__init__.py', '__main__.py', '_modidx.py'}:
            continue
        text = path.read_text(encoding='utf-8')
        source = re.search(r'File to edit: (\S+?)\.$', text, re.MULTILINE)
        if not (source and (path.parent / source[1]).exists()):
            problems.append(f'no notebook exports {relative(path)}')
    none_of(problems)


def clean() -> None:
    """notebooks are clean"""
    must_not_change(notebooks, 'nbdev_clean')


def readme() -> None:
    """README.md is in step with nbs/index.ipynb"""
    command(sys.executable, 'tools/readme.py', '--check')


def styled() -> None:
    """notebooks and tools keep the house style (ruff, and what it has no rule for)"""
    style.check_style(style.checked_files())


def badged() -> None:
    """stage notebooks open in Colab"""
    command(sys.executable, 'tools/badges.py', '--check')


def pictured() -> None:
    """every picture can be seen, and videos have a still one beside them"""
    command(sys.executable, 'tools/figures.py')


def sized() -> None:
    """functions are short"""
    size.check_size()


def named() -> None:
    """documents name what is there, and the path of one edit can be followed"""
    names.check_names()


def examples() -> None:
    """the tools' examples hold"""
    results = [doctest.testmod(importlib.import_module(name)) for name in LIGHT_TOOLS]
    if not sum(result.attempted for result in results):
        raise Failed('no example was found')
    if failed := sum(result.failed for result in results):
        raise Failed(f'{failed} of the examples in tools/ fail: see above')


def imports() -> None:
    """cells that import do nothing else (the docs build runs every such cell, and only those)"""
    exempt = re.compile(r'(?m)^#\s*\|\s*export|^\s*[%!]|nbdev_export\(')
    problems = []
    for path in notebooks():
        for number, cell in enumerate(cells(path), 1):
            if cell['cell_type'] != 'code' or exempt.search(cell['source']):
                continue
            body = ast.parse(cell['source']).body
            import_only = [isinstance(node, (ast.Import, ast.ImportFrom)) for node in body]
            if any(import_only) and not all(import_only):
                place = f'{relative(path)}, cell {number}'
                problems.append(f'{place}: put the imports into a cell of their own')
    none_of(problems)


def budget_outputs() -> None:
    """outputs are small"""
    problems = []
    for path in notebooks():
        for number, cell in enumerate(cells(path), 1):
            for output in cell.get('outputs', ()):
                kind = 'picture' if 'image/png' in output.get('data', ()) else 'output'
                bytes_used = len(json.dumps(output, ensure_ascii=False).encode())
                if bytes_used > BUDGETS[kind]:
                    place = f'{relative(path)}, cell {number}'
                    limit = f'at most {BUDGETS[kind] // KIB}'
                    problems.append(f'{place}: an output of {bytes_used / KIB:.0f} KiB; {limit}')
    none_of(problems)


def budget_notebooks() -> None:
    """notebooks are small, and what was measured"""
    sizes = {relative(path): path.stat().st_size for path in notebooks()}
    sizes_and_limits = [(name, n, BUDGETS['notebook']) for name, n in sizes.items()]
    measured = sum(path.stat().st_size for path in files(NBS / 'results'))
    rest = sum(path.stat().st_size for path in files(NBS)) - measured
    sizes_and_limits.append(('nbs/ without results', rest, BUDGETS['notebooks']))
    sizes_and_limits.append(('nbs/results', measured, BUDGETS['results']))
    none_of(
        [
            f'{name} has {n / MIB:.1f} MiB; at most {limit // MIB}'
            for name, n, limit in sizes_and_limits
            if n > limit
        ]
    )


def budget_weights() -> None:
    """the embedded model is there and small"""
    sizes = [path.stat().st_size for path in files(PACKAGE / 'weights')]
    if not sizes:
        raise Failed('cogvideo_ddim_edit/weights is empty')
    if sum(sizes) > BUDGETS['weights']:
        megabytes = f'{sum(sizes) / MB:.1f} MB; at most {BUDGETS["weights"] // MB}'
        raise Failed(f'cogvideo_ddim_edit/weights has {megabytes}')


def portable() -> None:
    """no file names a folder of somebody's machine"""
    suffixes = {'.md', '.py', '.toml', '.ini', '.in', '.yml', '.yaml'}
    top = [path for path in ROOT.iterdir() if path.is_file() and path.suffix in suffixes]
    problems = []
    for path in files(NBS, PACKAGE, TOOLS, ROOT / '.ci', ROOT / '.github', *top):
        try:
            content = path.read_text(encoding='utf-8')
        except UnicodeDecodeError:
            continue  # a video, a picture, weights
        # Videos and pictures in base64 may spell anything
        content = re.sub(r'[A-Za-z0-9+/=]{100,}', '', content)
        for found in MACHINE.finditer(content):
            around = content[max(0, found.start() - 30) : found.end() + 30]
            problems.append(f'{relative(path)}: …{around!r}…')
    none_of(problems)


def browsed() -> None:
    """pages do what people click, in a browser, without serious faults of accessibility"""
    output = command(
        sys.executable, 'tools/browser.py', *IN_A_BROWSER, '--quick', seconds=BROWSER_SECONDS
    )
    for line in output.splitlines():
        if line.startswith(('skipped', 'accessibility is not')):
            print(line)


def floored() -> str:
    """the lowest versions that we declare edit the demo's video"""
    return command(sys.executable, 'tools/floor.py', '--beside').strip()


def sited() -> None:
    """the site can be built: every notebook goes through the first half of `nbdev_docs`"""
    output = command(sys.executable, 'tools/docs.py', seconds=NOTEBOOK_SECONDS)
    print(output.splitlines()[-1])


QUICK = (
    *(exported, sourced, clean, imports, readme, badged, pictured),
    *(styled, sized, named, examples, budget_outputs, budget_notebooks, budget_weights, portable),
)


def say(name: str, problem: str, timing: str) -> bool:
    """Print one step's line, with what is wrong under it; True if nothing is"""
    print(f'{"FAIL" if problem else "ok  "} {name} ({timing})', flush=True)
    for row in problem.splitlines():
        print(f'     {row}', flush=True)
    return not problem


def quick_step(step: Callable[[], str | None]) -> bool:
    """Take one quick step, say how it went"""
    start, problem, note = time.monotonic(), '', None
    try:
        note = step()
    except Failed as failure:
        problem = str(failure).strip()
    except Exception:  # a step that cannot even be taken has failed, and the others still count
        problem = traceback.format_exc()
    name = f'{step.__doc__}: {note}' if note else step.__doc__
    return say(name, problem, f'{time.monotonic() - start:.1f} s')


def likely_length(path: Path) -> tuple[bool, int]:
    """A rough idea of how long a notebook takes: is it known as long, and its lines of code"""
    lines = sum(c['source'].count('\n') for c in cells(path) if c['cell_type'] == 'code')
    return path.stem in LONG_ONES, lines


def run_notebooks(paths: list[Path], slowest_cells: int) -> list[bool]:
    """Run notebooks, say how each went and which take long"""
    from nbdev.config import get_config

    flags = get_config().tst_flags.split()
    paths = sorted(paths, key=likely_length, reverse=True)  # what may take long comes first
    results, long = [], []
    for run in warm.run_all(paths, flags, AT_ONCE, NOTEBOOK_SECONDS):
        timing = f'{run.seconds:.0f} s, {run.processor_seconds:.0f} s of processor'
        results.append(say(relative(run.path), run.problem, timing))
        if run.processor_seconds > LONG_SECONDS:
            long.append(f'{relative(run.path)} {run.processor_seconds:.0f} s')
        for seconds, number, first_line in sorted(run.cells, reverse=True)[:slowest_cells]:
            print(
                f'     {seconds:6.1f} s of processor, cell {number}: {first_line[:70]}', flush=True
            )
    if long:
        print(f'over {LONG_SECONDS} s of processor: {", ".join(long)}')
    return results


def main(argv: list[str] | None = None) -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('names', nargs='*', help='with or without number and .ipynb; default: all')
    parser.add_argument('--fast', action='store_true', help='run no notebook')
    parser.add_argument(
        '--cells', type=int, default=0, metavar='N', help='show the N slowest cells of each'
    )
    args = parser.parse_args(argv)
    if args.fast and args.names:
        parser.error('--fast runs no notebook: leave out --fast, or the names')
    os.environ |= ENVIRONMENT
    os.chdir(ROOT)
    try:
        paths = [] if args.fast else chosen(args.names)
    except Failed as problem:
        parser.error(str(problem))
    try:
        results = [quick_step(step) for step in QUICK]
        whole = not args.fast and not args.names
        with ThreadPoolExecutor(1) as beside:
            others = beside.map(quick_step, (browsed, sited, floored) if whole else ())
            try:
                results += run_notebooks(paths, args.cells)
                results += others
            except KeyboardInterrupt:
                beside.shutdown(wait=False, cancel_futures=True)
                for group in [*RUNNING]:
                    os.killpg(group, signal.SIGKILL)
                raise
    except KeyboardInterrupt:
        print('interrupted; what was running is stopped')
        return 130
    print(f'{sum(results)} passed, {len(results) - sum(results)} failed', flush=True)
    return int(not all(results))


if __name__ == '__main__':
    sys.exit(main())
