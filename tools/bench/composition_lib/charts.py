"""Charts as inline SVG. Colours are classes of the page's style, so that one drawing serves light and dark."""

import math
from html import escape


def svg(width, height, label, body, least=None):
    """A drawing that shrinks with the page, though never under `least` pixels."""
    style = f"max-width:{width}px" + (f";min-width:{least}px" if least else "")
    return (f'<svg viewBox="0 0 {width:g} {height:g}" style="{style}" role="img" aria-label="{escape(label)}">'
            f'{"".join(body)}</svg>')


def text(x, y, words, kind="", anchor="start", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}"{more}>{escape(words)}</text>'


def line(x1, y1, x2, y2, kind):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def tick(value):
    """A number on an axis."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def steps(low, high, most=5):
    """Round numbers between two ends."""
    raw = (high - low) / most or 1.0
    power = 10 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    return [number * step for number in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def dots(label, rows):
    """Proportions with their intervals, one below the other: (name, proportion, whether it is this program's)."""
    rows = [row for row in rows if row[1] and row[1]["value"] is not None]
    if not rows:
        return ""
    left, right, top, step = 8, 352, 22, 38
    low = min(math.floor(min(row[1]["low"] for row in rows) * 20) / 20, 0.95)
    height = top + step * len(rows) + 4

    def x(value):
        return left + (value - low) / (1 - low) * (right - left)

    body = []
    for value in steps(low, 1.0, 4):
        body += [line(x(value), top - 4, x(value), height - 4, "grid"),
                 text(min(max(x(value), left + 8), right - 3), top - 10, tick(value), "small", "middle")]
    for number, (name, share, is_own) in enumerate(rows):
        y = top + step * number + 28
        kind = "own" if is_own else "other"
        body += [
            text(left, y - 13, f"{name}: {share['value']:.3f}", "over strong" if is_own else "over"),
            line(x(share["low"]), y, x(share["high"]), y, f"whisker {kind}"),
            f'<circle cx="{x(share["value"]):.1f}" cy="{y}" r="4.5" class="mark {kind}"><title>{escape(name)}: '
            f'{share["value"]:.4f} ({share["low"]:.4f}–{share["high"]:.4f}), {share["count"]} texts</title></circle>']
    return svg(360, height, label, body)


def heat_map(label, matrix):
    """Counts by row and column; the darker, the greater the share of its row."""
    rows, columns, counts = matrix["rows"], matrix["columns"], matrix["counts"]
    cell = 24
    left, top = 14 + 6.2 * max(map(len, map(short, rows))), 14 + 5.6 * max(map(len, map(short, columns)))
    body = []
    for number, name in enumerate(columns):
        x = left + cell * number + cell / 2 + 4
        body.append(text(x, top - 6, short(name), "small", more=f' transform="rotate(-60 {x:.1f} {top - 6:.1f})"'))
    for row, name in enumerate(rows):
        y, total = top + cell * row, sum(counts[row])
        body.append(text(left - 6, y + cell / 2 + 4, short(name), "small", "end"))
        for column, count in enumerate(counts[row]):
            share, x = count / max(1, total), left + cell * column
            said = f"{name} → {columns[column]}: {count} of {total} ({share:.1%})"
            opacity = 0.05 + 0.9 * share if count else 0.03
            body.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{cell - 1}" height="{cell - 1}" class="cell" '
                        f'fill-opacity="{opacity:.3f}"><title>{escape(said)}</title></rect>')
            if count:
                body.append(text(x + (cell - 1) / 2, y + cell / 2 + 3, str(count) if count < 10000 else "…",
                                 "count full" if share > 0.5 else "count", "middle"))
    width, height = left + cell * len(columns) + 60, top + cell * len(rows) + 4
    return svg(width, height, label, body, least=width)


def short(name):
    """As much of a name as there is room for."""
    return name if len(name) <= 18 else name[:17] + "…"


def reliability(label, found):
    """Stated against true share, with the diagonal that an honest probability lies on."""
    left, top, size = 46, 10, 200

    def x(value):
        return left + value * size

    def y(value):
        return top + (1 - value) * size

    body = [line(x(0), y(0), x(1), y(1), "diagonal")]
    for value in (0, 0.5, 1):
        body += [line(x(value), y(0), x(value), y(1), "grid"), line(x(0), y(value), x(1), y(value), "grid"),
                 text(x(value), y(0) + 15, tick(value), "small", "middle"),
                 text(left - 6, y(value) + 4, tick(value), "small", "end")]
    points = [(x(entry["confidence"]), y(entry["right"]), entry) for entry in found["bins"]]
    if points:
        body.append('<polyline class="curve own" points="' + " ".join(f"{a:.1f},{b:.1f}" for a, b, _ in points) + '"/>')
    for a, b, entry in points:
        radius = 2 + 6 * math.sqrt(entry["share"])
        body.append(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{radius:.1f}" class="mark own"><title>stated '
                    f'{entry["confidence"]:.3f}, true {entry["right"]:.3f}, {entry["count"]} texts</title></circle>')
    body += [text(x(0.5), y(0) + 32, "stated probability", "small", "middle"),
             text(12, y(0.5), "share that is right", "small", "middle", f' transform="rotate(-90 12 {y(0.5):.0f})"')]
    return svg(left + size + 14, top + size + 40, label, body)


def margins(label, found):
    """The greatest margin of own texts, filled, and of texts out of scope, a line for each source."""
    left, right, top, bottom = 8, 352, 10, 170
    low, width, shares = found["low"], found["width"], found["shares"]
    bins = len(shares["own"])
    high, most = low + width * bins, max(max(values) for values in shares.values()) or 1.0

    def x(value):
        return left + (value - low) / (high - low) * (right - left)

    def y(share):
        return bottom - share / most * (bottom - top)

    def outline(values):
        """The upper edge of the bars, from left to right."""
        points = []
        for number, share in enumerate(values):
            points += [(x(low + width * number), y(share)), (x(low + width * (number + 1)), y(share))]
        return " ".join(f"{a:.1f},{b:.1f}" for a, b in points)

    body = [f'<polygon class="area own" points="{left},{bottom} {outline(shares["own"])} {right},{bottom}"/>']
    for number, values in enumerate(list(shares.values())[1:]):
        body.append(f'<polyline class="curve outside-{number % 4}" points="{outline(values)}"/>')
    body.append(line(left, bottom, right, bottom, "axis"))
    if low < 0 < high:
        body += [line(x(0), top, x(0), bottom, "diagonal"), text(x(0) + 4, top + 8, "threshold", "small")]
    body += [text(min(max(x(value), left + 8), right - 8), bottom + 14, tick(value), "small", "middle")
             for value in steps(low, high, 6)]
    body.append(text((left + right) / 2, bottom + 30, "greatest margin, nats", "small", "middle"))
    return svg(360, 206, label, body)
