"""The lowest versions that settings.ini declares: constraints for pip, or a fresh environment

    python tools/floor.py > floor.txt           each requirement at its floor, for `pip -c`
    python tools/floor.py torch==2.13.0         but this one as given
    python tools/floor.py --demo torch==2.13.0  installs exactly these, edits the demo's video
    python tools/floor.py --beside              edits it with `BESIDE` before what is installed

What is not declared is whatever fits beside it. What is installed is removed at the end. `--beside`
is part of the check: it takes half a minute, torch stays as it is, and without a network it says
so."""

from configparser import ConfigParser
from pathlib import Path
import os
import re
import shlex
import subprocess
import sys
import tempfile
import venv

from project import ROOT

BESIDE = 'diffusers', 'transformers', 'huggingface_hub', 'accelerate'
TOKENIZERS = 'tokenizers<=0.23.0,>=0.22.0'  # What transformers 5.0.0 needs; later ones need others
SCRIPT = f"""import importlib, sys
found = [importlib.import_module(name) for name in {BESIDE}]
print(', '.join(f'{{m.__name__}} {{m.__version__}}' for m in found))
from cogvideo_ddim_edit.cli import main
sys.exit(main())"""


def floors(requirements: str) -> dict[str, str]:
    "Version by name, for each `name>=version`; stops at a requirement that has no floor"
    found = {}
    for requirement in shlex.split(requirements):
        floor = re.fullmatch(r'([\w-]+)>=([\w.]+)', requirement)
        if floor is None:
            sys.exit(f'settings.ini: {requirement!r} has no floor; write name>=version')
        found[floor[1]] = floor[2]
    return found


def constraints(changes) -> list[str]:
    "`name==version` for each requirement of settings.ini, some of them changed"
    settings = ConfigParser(delimiters=['='])
    settings.read(ROOT / 'settings.ini', encoding='utf-8')
    found = floors(settings['DEFAULT']['requirements'])
    for change in changes:
        name, _, version = change.partition('==')
        if version and name in found:
            found[name] = version
        else:
            sys.exit(f'{change!r} is not name==version of one of {", ".join(found)}')
    return [f'{name}=={version}' for name, version in found.items()]


def demo(lines):
    "The demo in a fresh environment of these versions; stops when a step fails"
    environment = {key: value for key, value in os.environ.items() if key != 'PYTHONPATH'}
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / 'floor.txt').write_text('\n'.join(lines), encoding='utf-8')
        venv.create(here / 'venv', with_pip=True)
        programs = here / 'venv' / ('Scripts' if os.name == 'nt' else 'bin')
        install = [programs / 'python', '-m', 'pip', 'install', '--quiet', '-c', here / 'floor.txt']
        install.append(ROOT)
        edit = [programs / 'cogvideo-ddim-edit', 'demo', '--num_inference_steps', '4']
        for step in (install, edit):
            subprocess.run(step, cwd=here, env=environment, check=True)


def install_beside(lines, folder) -> str:
    "Install the floors of `BESIDE` and what they need exactly into a folder; '' or why not"
    floor = [line for line in lines if line.partition('==')[0] in BESIDE]
    options = '--quiet --no-deps --no-compile --disable-pip-version-check --retries 0 --timeout 10'
    install = [sys.executable, '-m', 'pip', 'install', *options.split(), '--target', folder]
    command = [*install, *floor, TOKENIZERS]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        return ''
    return (done.stderr.strip().splitlines() or ['pip failed without a word'])[-1]


def beside(lines) -> str:
    "The demo with the lowest libraries before the installed ones; says what was tried"
    with tempfile.TemporaryDirectory() as folder:
        if problem := install_beside(lines, folder):
            return f'skipped, the floors could not be fetched: {problem}'
        environment = os.environ | {
            'PYTHONPATH': os.pathsep.join([folder, str(ROOT)]),
            'HF_HUB_OFFLINE': '1',
            'CVE_CACHE': str(Path(folder) / 'cache'),
        }
        edit = [sys.executable, '-c', SCRIPT, 'demo', '--num_inference_steps', '2']
        done = subprocess.run(edit, cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f'the demo fails with the lowest versions:\n{done.stdout}{done.stderr}')
    return done.stdout.splitlines()[0]


def main(argv) -> int:
    if {'-h', '--help'} & set(argv):
        print(__doc__)
        return 0
    if argv == ['--beside']:
        print(beside(constraints([])))
        return 0
    lines = constraints([argument for argument in argv if argument != '--demo'])
    if '--demo' in argv:
        demo(lines)
    else:
        print(*lines, sep='\n')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
