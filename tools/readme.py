"""Write README.md from nbs/index.ipynb

    python tools/readme.py            write it
    python tools/readme.py --check    write nothing; exit 1 if it is behind

The same markdown as `nbdev_readme`, which needs Quarto, from pandoc alone (it comes with pip in
`pypandoc_binary`). Names in backticks are not turned into links, so the result does not depend on
what happens to be installed."""

import difflib
import json
import re
import sys
from argparse import ArgumentParser
from collections.abc import Iterator

import pypandoc
from project import NBS, ROOT

INDEX, README = NBS / 'index.ipynb', ROOT / 'README.md'
# What GitHub and PyPI both read; HTML such as <video> and <img> passes through
MARKDOWN = 'markdown+gfm_auto_identifiers+autolink_bare_uris+emoji-implicit_figures-citations-smart'
GITHUB = (
    'commonmark+autolink_bare_uris+emoji+footnotes+gfm_auto_identifiers+pipe_tables+strikeout'
    '+task_lists+tex_math_dollars+raw_html+alerts'
)
FIRST_LINE = '<!-- Written by tools/readme.py from nbs/index.ipynb: edit that -->'
BEHIND = 'README.md is behind nbs/index.ipynb: run python tools/readme.py'


def text(lines: str | list[str]) -> str:
    """Notebooks keep text as one string or as a list of lines"""
    return lines if isinstance(lines, str) else ''.join(lines)


def directives(source: str) -> tuple[dict, str]:
    """The `#| name: value` lines that open a cell, and the rest of it

    >>> directives('#| echo: false\\n#| hide\\nx = 1')
    ({'echo': 'false', 'hide': ''}, 'x = 1')
    """
    lines, found = source.splitlines(), {}
    while lines and (line := re.fullmatch(r'#\s*\|\s*([\w-]+):?\s*(.*?)\s*', lines[0])):
        found[line[1]] = line[2]
        lines.pop(0)
    return found, '\n'.join(lines)


def shown(output: dict) -> str:
    """An output as markdown"""
    data = output.get('data', {})
    for kind in ('text/markdown', 'text/html'):
        if kind in data:
            return text(data[kind])
    if pictures := [kind for kind in data if not kind.startswith('text/')]:
        raise SystemExit(
            f'index.ipynb shows a {pictures[0]} output, which a README cannot hold: '
            'link a picture by its full address instead'
        )
    printed = text(output.get('text', data.get('text/plain', ''))).rstrip()
    return '\n'.join('    ' + line for line in printed.splitlines())


def code_parts(cell: dict, source: str) -> Iterator[str]:
    """Markdown of a code cell: what its directives show of the code and of its outputs"""
    flags, code = directives(source)
    hidden = {'hide', 'export', 'exporti', 'default_exp'}
    if flags.keys() & hidden or flags.get('include') == 'false':
        return
    if flags.get('echo') != 'false' and 'hide_input' not in flags:
        yield f'``` python\n{code}\n```'
    if flags.get('output') != 'false' and 'hide_output' not in flags:
        yield from map(shown, cell.get('outputs', []))


def parts(nb: dict) -> Iterator[str]:
    """Markdown of everything in the notebook that a reader of the site sees"""
    for cell in nb['cells']:
        source = text(cell['source']).strip()
        if cell['cell_type'] == 'markdown':
            # "> what it is" under the title is the site's description; a README says it plainly
            is_title = source.startswith('# ')
            yield re.sub(r'(?m)^(# .+\n\n)> ', r'\1', source) if is_title else source
        elif cell['cell_type'] == 'code' and source:
            yield from code_parts(cell, source)


def local_links(markdown: str) -> list[str]:
    """Links that work beside the notebook but not in a README

    >>> local_links('[a](b.ipynb), [c](https://d.example), ![e](images/f.png)')
    ['b.ipynb']
    """
    prose = re.sub(r'(?ms)^(```+|~~~+).*?^\1', '', markdown)
    targets = re.findall(r'\]\(([^)\s]+)', prose) + re.findall(r'(?:src|href)="([^"]+)"', prose)
    return [target for target in targets if not re.match(r'[a-z]+:|#|images/', target)]


def readme() -> str:
    """What README.md should be"""
    nb = json.loads(INDEX.read_text(encoding='utf-8'))
    markdown = '\n\n'.join(part for part in parts(nb) if part)
    if bad := local_links(markdown):
        raise SystemExit(
            f'index.ipynb links to {", ".join(bad)}: use full https:// addresses, '
            'which work on the site, on GitHub and on PyPI'
        )
    # Pictures lie beside the notebook; the README is one folder up
    markdown = markdown.replace('](images/', '](nbs/images/')
    converted = pypandoc.convert_text(markdown, GITHUB, MARKDOWN, extra_args=['--columns=72'])
    return f'{FIRST_LINE}\n\n{converted.strip()}\n'


def main() -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--check', action='store_true', help='write nothing; exit 1 if behind')
    only_check = parser.parse_args().check
    new = readme()
    old = README.read_text(encoding='utf-8') if README.exists() else ''
    if new == old:
        return 0
    if not only_check:
        README.write_text(new, encoding='utf-8')
        return 0
    names = ('README.md', 'what nbs/index.ipynb says')
    changes = difflib.unified_diff(old.splitlines(), new.splitlines(), *names, lineterm='', n=1)
    print(*changes, BEHIND, sep='\n')
    return 1


if __name__ == '__main__':
    sys.exit(main())
