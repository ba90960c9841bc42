"""All committed pictures on one sheet, and which of them could not be seen or read

    python tools/figures.py --sheet figures.png          every picture, with its notebook and number
    python tools/figures.py 04_attention 06_maps         look at these notebooks only
    python tools/figures.py                              only say what is wrong

Wrong is a picture that is one flat colour, has no description for those who cannot see it, is wider
than 1,600 pixels, or smaller than 32 pixels; also a notebook whose videos have no still picture
beside them, or whose figures are only text. The description is one line of the cell,
`#| fig-alt: what is seen`, which the site gives to screen readers; pictures inside HTML carry it
themselves (alt). Proofs need none. The exit status is 1 if anything is wrong."""

import html
import io
import re
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw
from project import cells, chosen, relative
from readme import directives

SMALLEST, WIDEST = 32, 1600
TILE, CAPTION, COLUMNS = 300, 16, 6
EMBEDDED = re.compile(r'<img\b[^>]*\bsrc="data:image/(?:png|webp|jpeg);base64,([^"]+)"[^>]*>')
DESCRIBED = re.compile(r'\balt="([^"]+)"')


class Picture(NamedTuple):
    """A picture that a notebook shows"""

    place: str  # notebook and cell
    image: Image.Image
    described: bool  # is there a text for those who cannot see it?


def decoded(data: str) -> Image.Image:
    """The picture behind base64"""
    return Image.open(io.BytesIO(b64decode(data)))


def pictures_of(output: dict, place: str, described: bool) -> Iterator[Picture]:
    """The pictures of an output; does its cell describe them?"""
    data = output.get('data', {})
    page = ''.join(data.get('text/html', ''))
    inside = list(EMBEDDED.finditer(page))
    for found in inside:
        image = decoded(html.unescape(found[1]))
        yield Picture(place, image, bool(DESCRIBED.search(found[0])))
    if 'image/png' in data and not inside:
        described = described or 'text/html' in data  # the site shows that: a player with its title
        yield Picture(place, decoded(''.join(data['image/png'])), described)


def pictures(path: Path) -> Iterator[Picture]:
    """All pictures of a notebook, in order"""
    proof = path.parent.name == 'proofs'
    for number, cell in enumerate(cells(path)):
        described = proof or bool(directives(cell['source'])[0].get('fig-alt'))
        for output in cell.get('outputs', []):
            yield from pictures_of(output, f'{relative(path)} {number}', described)


def faults(picture: Picture) -> list[str]:
    """What is wrong with a picture, in sentences"""
    image = picture.image
    spread = np.ptp(np.asarray(image.convert('L'), float))
    found = []
    if spread < 8:
        found.append('is of one flat colour')
    if max(image.size) < SMALLEST or image.width > WIDEST:
        found.append(f'has {image.width}×{image.height} pixels')
    if not picture.described:
        found.append('has no description: add a line `#| fig-alt: what is seen`')
    return [f'{picture.place}: a picture {text}' for text in found]


def lonely_videos(path: Path) -> list[str]:
    """Videos of a notebook with no still picture beside them"""
    found = []
    for number, cell in enumerate(cells(path)):
        shown = [output.get('data', {}) for output in cell.get('outputs', [])]
        pages = [''.join(data.get('text/html', '')) for data in shown]
        still = any('image/png' in data for data in shown) or any(map(EMBEDDED.search, pages))
        if any('<video' in page for page in pages) and not still:
            found.append(f'{relative(path)} {number}: a video has no still picture beside it')
    return found


def figures_as_text(path: Path) -> list[str]:
    """Figures of a notebook that are shown as a line of text"""
    found = []
    for number, cell in enumerate(cells(path)):
        for data in (output.get('data', {}) for output in cell.get('outputs', [])):
            text = ''.join(data.get('text/plain', ''))
            if text.startswith('<Figure size') and not {'image/png', 'text/html'} & data.keys():
                place = f'{relative(path)} {number}'
                found.append(f'{place}: a figure is only text: add a cell with %matplotlib inline')
    return found


def sheet(shown: list[Picture]) -> Image.Image:
    """All pictures as small ones, with their places"""
    rows = -(-len(shown) // COLUMNS)
    whole = Image.new('RGB', (COLUMNS * TILE, rows * (TILE + CAPTION)), 'white')
    draw = ImageDraw.Draw(whole)
    for i, picture in enumerate(shown):
        x, y = i % COLUMNS * TILE, i // COLUMNS * (TILE + CAPTION)
        small = picture.image.convert('RGBA')
        small.thumbnail((TILE - 8, TILE - 8))
        whole.paste(small, (x + 4, y + CAPTION), small)
        draw.text((x + 4, y + 2), picture.place.removeprefix('nbs/'), fill='black')
    return whole


def main() -> int:
    """Look at all pictures"""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument('notebooks', nargs='*', help='default: all')
    parser.add_argument('--sheet', type=Path, help='a PNG file to write')
    given = parser.parse_args()
    paths = chosen(given.notebooks)
    shown = [picture for path in paths for picture in pictures(path)]
    wrong = [text for picture in shown for text in faults(picture)]
    wrong += [text for path in paths for text in lonely_videos(path) + figures_as_text(path)]
    if given.sheet:
        sheet(shown).save(given.sheet, optimize=True)
    print(*wrong, f'{len(shown)} pictures, {len(wrong)} faults', sep='\n')
    return bool(wrong)


if __name__ == '__main__':
    sys.exit(main())
