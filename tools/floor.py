"""The lowest versions that settings.ini declares, as constraints for pip

    python tools/floor.py > floor.txt                  each requirement at its floor
    python tools/floor.py torch==2.13.0 > floor.txt    but this one as given
    pip install --constraint floor.txt .

So an environment of exactly these versions can be made and tried."""
from configparser import ConfigParser
from pathlib import Path
import re
import shlex
import sys

ROOT = Path(__file__).resolve().parent.parent


def floors(requirements: str) -> dict[str, str]:
    "Version by name, for each `name>=version`; stops at a requirement that has no floor"
    found = {}
    for requirement in shlex.split(requirements):
        floor = re.fullmatch(r'([\w-]+)>=([\w.]+)', requirement)
        if floor is None: sys.exit(f'settings.ini: {requirement!r} has no floor; write name>=version')
        found[floor[1]] = floor[2]
    return found


def main(argv) -> int:
    settings = ConfigParser(delimiters=['='])
    settings.read(ROOT/'settings.ini', encoding='utf-8')
    found = floors(settings['DEFAULT']['requirements'])
    for argument in argv:
        name, _, version = argument.partition('==')
        if not version or name not in found: sys.exit(f'{argument!r} is not one of {", ".join(found)} with ==version')
        found[name] = version
    print(*(f'{name}=={version}' for name, version in found.items()), sep='\n')
    return 0


if __name__ == '__main__':
    if {'-h', '--help'} & set(sys.argv): sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
