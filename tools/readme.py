"""Write README.md from nbs/index.ipynb

    python tools/readme.py            write it
    python tools/readme.py --check    write nothing; exit 1 if it is behind

The same markdown as `nbdev_readme`, which needs Quarto, from pandoc alone (it comes with pip in `pypandoc_binary`). Names in backticks are not
turned into links, so the result does not depend on what happens to be installed."""
from pathlib import Path
import difflib, json, re, sys
import pypandoc

ROOT = Path(__file__).resolve().parent.parent
INDEX, README = ROOT/'nbs'/'index.ipynb', ROOT/'README.md'
# What GitHub and PyPI both read; HTML such as <video> and <img> passes through
MARKDOWN = 'markdown+gfm_auto_identifiers+autolink_bare_uris+emoji-implicit_figures-citations-smart'
GITHUB = ('commonmark+autolink_bare_uris+emoji+footnotes+gfm_auto_identifiers+pipe_tables+strikeout+task_lists+tex_math_dollars+raw_html+alerts')

def text(lines) -> str:
    "Notebooks keep text as one string or as a list of lines"
    return lines if isinstance(lines, str) else ''.join(lines)

def directives(source: str) -> tuple[dict, str]:
    "The `#| name: value` lines that open a cell, and the rest of it"
    lines, found = source.splitlines(), {}
    while lines and (line := re.fullmatch(r'#\s*\|\s*([\w-]+):?\s*(.*?)\s*', lines[0])):
        found[line[1]] = line[2]
        lines.pop(0)
    return found, '\n'.join(lines)

def shown(output: dict) -> str:
    "An output as markdown"
    data = output.get('data', {})
    for kind in ('text/markdown', 'text/html'):
        if kind in data: return text(data[kind])
    if pictures := [kind for kind in data if not kind.startswith('text/')]:
        raise SystemExit(f'index.ipynb shows a {pictures[0]} output, which a README cannot hold: link a picture by its full address instead')
    printed = text(output.get('text', data.get('text/plain', ''))).rstrip()
    return '\n'.join('    ' + line for line in printed.splitlines())

def parts(nb: dict):
    "Markdown of everything in the notebook that a reader of the site sees"
    for cell in nb['cells']:
        source = text(cell['source']).strip()
        if cell['cell_type'] == 'markdown':
            # "> what it is" under the title is the site's description; without the quote mark it is a README's first line
            yield re.sub(r'(?m)^(# .+\n\n)> ', r'\1', source) if source.startswith('# ') else source
        elif cell['cell_type'] == 'code' and source:
            say, code = directives(source)
            if say.keys() & {'hide', 'export', 'exporti', 'default_exp'} or say.get('include') == 'false': continue
            if say.get('echo') != 'false' and 'hide_input' not in say: yield f'``` python\n{code}\n```'
            if say.get('output') != 'false' and 'hide_output' not in say: yield from map(shown, cell.get('outputs', []))

def local_links(markdown: str) -> list[str]:
    "Links that work beside the notebook but not in a README"
    prose = re.sub(r'(?ms)^(```+|~~~+).*?^\1', '', markdown)
    targets = re.findall(r'\]\(([^)\s]+)', prose) + re.findall(r'(?:src|href)="([^"]+)"', prose)
    return [t for t in targets if not re.match(r'[a-z]+:|#|images/', t)]

def readme() -> str:
    "What README.md should be"
    markdown = '\n\n'.join(p for p in parts(json.loads(INDEX.read_text(encoding='utf-8'))) if p)
    if bad := local_links(markdown): raise SystemExit(f'index.ipynb links to {", ".join(bad)}: use full https:// addresses, which work on the site, on GitHub and on PyPI')
    markdown = markdown.replace('](images/', '](nbs/images/') # pictures lie beside the notebook; the README is one folder up
    return '<!-- Written by tools/readme.py from nbs/index.ipynb: edit that -->\n\n' + pypandoc.convert_text(
        markdown, GITHUB, MARKDOWN, extra_args=['--columns=72']).strip() + '\n'

def main(argv) -> int:
    new, old = readme(), README.read_text(encoding='utf-8') if README.exists() else ''
    if new == old: return 0
    if '--check' in argv:
        print(*difflib.unified_diff(old.splitlines(), new.splitlines(), 'README.md', 'what nbs/index.ipynb says', lineterm='', n=1), sep='\n')
        print('README.md is behind nbs/index.ipynb: run python tools/readme.py')
        return 1
    README.write_text(new, encoding='utf-8')
    return 0

if __name__ == '__main__': sys.exit(main(sys.argv[1:]))
