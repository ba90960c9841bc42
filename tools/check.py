"""Everything that must hold before a change goes in, in one command

    python tools/check.py

Exports and cleans in place, so a tree that was out of step is in step after it (and the check says so and fails). The last line is
`N passed, N failed`; the exit status is 1 if anything failed. No network, no GPU; two notebooks at a time, one thread each."""
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
import ast, json, os, re, shutil, signal, subprocess, sys, time, traceback

ROOT = Path(__file__).resolve().parent.parent
NBS, PACKAGE = ROOT/'nbs', ROOT/'cogvideo_ddim_edit'
KIB, MIB, MB = 1024, 1024**2, 1000**2
BUDGETS = {'output': 100*KIB, 'picture': 150*KIB, 'notebook': MIB, 'notebooks': 8*MIB, 'weights': 16*MB}
WORKERS, NOTEBOOK_SECONDS, STEP_SECONDS = 2, 600, 300
ENVIRONMENT = {**os.environ, 'OMP_NUM_THREADS': '1', 'OMP_WAIT_POLICY': 'PASSIVE', 'TOKENIZERS_PARALLELISM': 'false', 'MPLBACKEND': 'Agg',
               'HF_HUB_OFFLINE': '1', 'PYTHONPATH': str(ROOT), 'PYTHONUNBUFFERED': '1'}
# A folder that exists on somebody's machine only; Ann lives in examples
MACHINE = re.compile(r'(?<![\w.:/])/(?:root|home/(?!ann/)\w+|Users/\w+|tmp/\w+|work/\w+|opt/\w+|mnt/\w+)/[\w.]|\b[A-Z]:\\+Users\\')

class Failed(Exception):
    "A check does not hold; the message says where and what to do"

def command(*arguments, seconds=STEP_SECONDS) -> str:
    "Output of a program; `Failed` if it fails, is missing, or takes too long (then it is stopped, with all that it started)"
    program = shutil.which(str(arguments[0]), path=f'{Path(sys.executable).parent}{os.pathsep}{os.environ.get("PATH", "")}')
    if program is None: raise Failed(f"{arguments[0]} is not installed; run pip install -e '.[dev]'")
    process = subprocess.Popen([program, *map(str, arguments[1:])], cwd=ROOT, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, encoding='utf-8', errors='replace', start_new_session=True)
    try: output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise Failed(f'{process.communicate()[0]}\nstopped: {arguments[0]} took longer than {seconds} s') from None
    if process.returncode: raise Failed(f'{output}\n{arguments[0]} ended with status {process.returncode}')
    return output

def files(*folders, suffixes=('',)) -> list[Path]:
    "Files under `folders`, without what tools leave behind"
    paths = (p for folder in folders for p in ([folder] if folder.is_file() else sorted(folder.rglob('*'))))
    return [p for p in paths if p.is_file() and p.name.endswith(tuple(suffixes)) and not {'__pycache__', '.ipynb_checkpoints'} & set(p.parts)]

def notebooks() -> list[Path]:
    "Every notebook, the way nbdev finds them"
    return [p for p in files(NBS, suffixes=['.ipynb']) if not re.search(r'(^|/)[._]', p.relative_to(NBS).as_posix())]

def name(path) -> str: return path.relative_to(ROOT).as_posix()

def must_not_change(watch, *arguments):
    "Run a program that must leave the files of `watch()` as they are"
    state = lambda: {name(p): sha256(p.read_bytes()).hexdigest() for p in watch()}
    before = state()
    command(*arguments)
    after = state()
    changed = sorted(f for f in before.keys() | after.keys() if before.get(f) != after.get(f))
    if changed: raise Failed(f'{arguments[0]} changed {", ".join(changed)}. The new contents are in place now: look at them and commit them')

# The checks: each is a function that returns nothing, or raises `Failed` with one line for each thing that is wrong

def exported():
    "modules are in step with notebooks"
    must_not_change(lambda: files(PACKAGE, ROOT/'pyproject.toml', suffixes=['.py', '.toml']), 'nbdev_export')

def sourced():
    "every module has its notebook"
    written = {p: re.search(r'File to edit: (\S+?)\.$', p.read_text(encoding='utf-8'), re.M) for p in files(PACKAGE, suffixes=['.py'])}
    orphans = [name(p) for p, m in written.items() if p.name not in ('__init__.py', '_modidx.py') and not (m and (p.parent/m[1]).exists())]
    if orphans: raise Failed(f'no notebook exports {", ".join(orphans)}')

def clean():
    "notebooks are clean"
    must_not_change(notebooks, 'nbdev_clean')

def readme():
    "README.md is in step with nbs/index.ipynb"
    command(sys.executable, 'tools/readme.py', '--check')

def all_or_failed(problems):
    if problems: raise Failed('\n'.join(problems))

def imports():
    "cells that import do nothing else (the docs build runs every such cell, and only those)"
    problems = []
    for path in notebooks():
        for number, cell in enumerate(json.loads(path.read_text(encoding='utf-8'))['cells']):
            source = ''.join(cell['source'])
            if cell['cell_type'] != 'code' or re.search(r'(?m)^#\s*\|\s*export|^\s*[%!]|nbdev_export\(', source): continue
            import_only = [isinstance(node, (ast.Import, ast.ImportFrom)) for node in ast.parse(source).body]
            if any(import_only) and not all(import_only): problems.append(f'{name(path)}, cell {number}: put the imports into a cell of their own')
    all_or_failed(problems)

def budget_outputs():
    "outputs are small"
    most = lambda output: BUDGETS['picture' if 'image/png' in output.get('data', ()) else 'output']
    sizes = ((path, number, len(json.dumps(output, ensure_ascii=False).encode()), most(output)) for path in notebooks()
             for number, cell in enumerate(json.loads(path.read_text(encoding='utf-8'))['cells']) for output in cell.get('outputs', ()))
    all_or_failed([f'{name(path)}, cell {number}: an output of {size/KIB:.0f} KiB; at most {most//KIB}' for path, number, size, most in sizes if size > most])

def budget_notebooks():
    "notebooks are small"
    sizes = {path: path.stat().st_size for path in notebooks()}
    total = sum(p.stat().st_size for p in files(NBS))
    all_or_failed([f'{name(path)} has {size/MIB:.1f} MiB; at most {BUDGETS["notebook"]//MIB}' for path, size in sizes.items() if size > BUDGETS['notebook']]
                  + [f'nbs/ has {total/MIB:.1f} MiB; at most {BUDGETS["notebooks"]//MIB}']*(total > BUDGETS['notebooks']))

def budget_weights():
    "the embedded model is there and small"
    sizes = [p.stat().st_size for p in files(PACKAGE/'weights')]
    if not sizes: raise Failed('cogvideo_ddim_edit/weights is empty')
    if sum(sizes) > BUDGETS['weights']: raise Failed(f'cogvideo_ddim_edit/weights has {sum(sizes)/MB:.1f} MB; at most {BUDGETS["weights"]//MB}')

def portable():
    "no file names a folder of somebody's machine"
    top = [p for p in ROOT.iterdir() if p.is_file() and p.suffix in {'.md', '.py', '.toml', '.ini', '.in', '.yml', '.yaml'}]
    own = files(NBS, PACKAGE, ROOT/'tools', ROOT/'.ci', ROOT/'.github', *top)
    problems = []
    for path in own:
        try: content = path.read_text(encoding='utf-8')
        except UnicodeDecodeError: continue # a film, a picture, weights
        content = re.sub(r'[A-Za-z0-9+/=]{100,}', '', content) # films and pictures in base64 may spell anything
        problems += [f'{name(path)}: …{content[max(0, m.start() - 30):m.end() + 30]!r}…' for m in MACHINE.finditer(content)]
    all_or_failed(problems)

def notebook(path):
    "The check that one notebook runs"
    def check():
        output = command('nbdev_test', '--path', path, seconds=NOTEBOOK_SECONDS)
        if 'Success.' not in output.splitlines(): raise Failed(f'{output}\nnbdev_test ran nothing')
    check.__doc__ = name(path)
    return check

def result(check) -> bool:
    "Run one check, say how it went"
    start, problem = time.monotonic(), ''
    try: check()
    except Failed as e: problem = str(e).strip()
    except Exception: problem = traceback.format_exc() # a check that cannot even run has failed, and the others still count
    line = f'{"FAIL" if problem else "ok  "} {check.__doc__} ({time.monotonic() - start:.0f} s)'
    print(line + ''.join(f'\n     {row}' for row in problem.splitlines()), flush=True)
    return not problem

def main() -> int:
    results = [result(check) for check in (exported, sourced, clean, imports, readme, budget_outputs, budget_notebooks, budget_weights, portable)]
    with ThreadPoolExecutor(WORKERS) as pool: results += pool.map(result, map(notebook, notebooks()))
    print(f'{sum(results)} passed, {len(results) - sum(results)} failed', flush=True)
    return int(not all(results))

if __name__ == '__main__':
    if sys.argv[1:]: sys.exit(__doc__) # it takes no arguments, and help must not start the work
    sys.exit(main())
