"""How the site documents a name: classes of settings get a table with a row for each field

nbdev calls `Symbol` (`renderer` in settings.ini) for each exported name, and must find this file:

    PYTHONPATH=tools nbdev_docs"""

import dataclasses
import inspect
import re
from importlib import import_module

from fastcore.docments import docments
from nbdev.showdoc import BasicMarkdownRenderer
from project import PACKAGE

SIGNATURE = re.compile(r'```python\n(.*?)\n```\n?', re.DOTALL)
# The dashes are the columns' widths
HEADER = [
    '| Field | Type | Default | Meaning |',
    f'|{"-" * 18}|{"-" * 14}|{"-" * 20}|{"-" * 40}|',
]


def plain_type(annotation: object) -> str:
    """A type as a cell of a table, in which `|` ends the cell

    >>> plain_type('torch.Tensor | None'), plain_type(int)
    ('torch.Tensor or None', 'int')
    """
    if annotation is inspect.Parameter.empty:
        return ''
    written = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return written.replace(' | ', ' or ').replace('|', ' or ')


def plain_default(default: object) -> str:
    """A default as a cell of a table

    >>> plain_default(None), plain_default(inspect.Parameter.empty), plain_default((0.0, 1.0))
    ('`None`', 'must be given', '`(0.0, 1.0)`')
    """
    if default is inspect.Parameter.empty:
        return 'must be given'
    written = 'a new one' if repr(default) == '<factory>' else f'`{default!r}`'
    return re.sub(r'\s+', ' ', written).replace('|', ' or ')


def namesakes(name: str) -> list:
    """The classes and functions of this name in the package, wherever they are"""
    index = import_module(f'{PACKAGE.name}._modidx').d['syms']
    modules = [module for module, names in index.items() if f'{module}.{name}' in names]
    return [vars(import_module(module))[name] for module in modules]


def comments(kind: type) -> dict:
    """Fields of a dataclass, those of its bases too, with their comments

    The build defines classes anew, without a file: they are read where the package has them."""
    fields = docments(kind, full=True, returns=False)
    same = [other for other in namesakes(kind.__name__) if names_of(other) == names_of(kind)]
    for base in (same or [kind])[0].__mro__:
        known = docments(base, full=True, returns=False) if dataclasses.is_dataclass(base) else {}
        for name in fields.keys() & known.keys():
            fields[name].docment = fields[name].docment or known[name].docment
    return fields


def names_of(kind: object) -> list[str]:
    """Names of the fields of a dataclass; none if it is something else"""
    return [field.name for field in dataclasses.fields(kind)] if is_settings(kind) else []


def is_settings(kind: object) -> bool:
    """Is it a dataclass, so that its fields have a table?"""
    return inspect.isclass(kind) and dataclasses.is_dataclass(kind)


def table(fields: dict) -> str:
    """Fields of a dataclass as a table in Markdown"""
    rows = []
    for name, field in fields.items():
        comment = (field.docment or '').strip().replace('\n', ' ').replace('|', r'\|')
        cells = [f'**{name}**', plain_type(field.anno), plain_default(field.default), comment]
        rows.append(f'| {" | ".join(cells)} |')
    return '\n'.join([*HEADER, *rows])


def methods(kind: type) -> str:
    """Public methods of a class, each with its first line, where links to them lead"""
    rows = []
    for name, member in vars(kind).items():
        function = inspect.unwrap(getattr(member, '__func__', getattr(member, 'fget', member)))
        if name.startswith('_') or not (inspect.isfunction(function) and function.__doc__):
            continue
        arguments = '' if isinstance(member, property) else '()'
        first = function.__doc__.strip().splitlines()[0]
        rows.append(f'- []{{#{kind.__qualname__.lower()}.{name}}}**{name}**{arguments}: {first}')
    return '\n'.join(rows)


class Symbol(BasicMarkdownRenderer):
    """What the site shows of a function or a class, as Markdown"""

    def _repr_markdown_(self) -> str:
        page = super()._repr_markdown_()
        if not inspect.isclass(self.sym):
            return SIGNATURE.sub(without_backticks, page)
        if is_settings(self.sym):
            page = SIGNATURE.sub('', page).rstrip()
            fields = comments(self.sym)
            page += f'\n\n{table(fields)}' if fields else ''
        else:
            page = SIGNATURE.sub(without_backticks, page).rstrip()
        return f'{page}\n\n{methods(self.sym)}\n'


def without_backticks(signature: re.Match) -> str:
    """A signature whose comments mark no names: nbdev would put links there, and code shows them
    as they are written"""
    return f'```python\n{signature[1].replace("`", "")}\n```\n'
