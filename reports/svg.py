"""An SVG document as a part of a page: smaller, scalable, named for those who cannot see it."""

import re
from html import escape

_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_COORDINATES = re.compile(r'\s(?:transform|d|x|y|x1|x2|y1|y2|width|height)="[^"]*"')
_MARKS = re.compile(r'(<g class="mark-[^"]*)">((?:<path [^>]*/>)+)</g>')
_PAINT = re.compile(r'\s(?:fill|fill-opacity|stroke|stroke-width)="[^"]*"')
_SIZE = re.compile(r'(<svg[^>]*?)\swidth="([\d.]+)"\sheight="([\d.]+)"')
# A drawing of one small panel does not grow to the page's width: its letters would be three times those of the others.
_NARROW = 500
_GROWTH = 1.3


def inline(svg: str, anchor: str, text: str) -> str:
    """The drawing with one role and one text alternative, ids of its own, and coordinates to a tenth of a pixel."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r'\sid="([^"]+)"', rf' id="{anchor}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{anchor}-\1)", body)
    body = re.sub(r'\s(?:aria-[a-z]+|role|version|xmlns:xlink|xmlns)="[^"]*"', "", body)
    body = _COORDINATES.sub(lambda attribute: _NUMBER.sub(_shorter, attribute[0]), body)
    body = _MARKS.sub(_painted_once, body.replace(' opacity="1"', ""))
    name = f'role="img" aria-labelledby="{anchor}-alt"'
    title = f'<title id="{anchor}-alt">{escape(text)}</title>'
    return _SIZE.sub(_sized, body, count=1).replace("<svg", f"<svg {name}", 1).replace(">", f">{title}", 1)


def _sized(size: re.Match[str]) -> str:
    """As wide as the page; a narrow drawing little wider than drawn."""
    start, width, _ = size.groups()
    if float(width) >= _NARROW:
        return start
    return f'{start} style="min-width: 0; max-width: {_GROWTH * float(width):.0f}px"'


def _shorter(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")


def _painted_once(marks: re.Match[str]) -> str:
    """A group of marks whose common paint is said once, for the group: half the size of a figure."""
    group, paths = marks.groups()
    paints = [set(_PAINT.findall(path)) for path in paths.split("/>")[:-1]]
    common = set.intersection(*paints)
    own = _PAINT.sub(lambda paint: "" if paint[0] in common else paint[0], paths)
    return f'{group}"{"".join(sorted(common))}>{own}</g>'
