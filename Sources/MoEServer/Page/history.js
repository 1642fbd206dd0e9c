// What the regression suite measured of a pack, generation by generation.
function draw(name, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
// The figures of one eval set, oldest first.
function figures(history, name, metric) {
  return history.map((entry) => ({ ...entry, eval_: entry.evals.find((one) => one.eval === name && one.metric === metric) }))
    .filter((entry) => entry.eval_);
}
function chart(claim, points) {
  const [width, height, left, right, top, bottom] = [480, 130, 44, 12, 12, 24];
  const floors = points.map((point) => point.eval_.floor);
  const values = [...points.map((point) => point.eval_.value), ...floors];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = (high - low) * 0.1 || 0.01;
  const x = (index) => points.length === 1 ? (left + width - right) / 2 : left + (width - left - right) * index / (points.length - 1);
  const y = (value) => top + (height - top - bottom) * (high + room - value) / (high - low + 2 * room);
  const path = (list) => list.map((value, index) => (index ? 'L' : 'M') + x(index).toFixed(1) + ' ' + y(value).toFixed(1)).join(' ');
  const last = points[points.length - 1];
  const floorLine = points.length === 1 ? 'M' + left + ' ' + y(floors[0]) + ' L' + (width - right) + ' ' + y(floors[0]) : path(floors);
  return make('figure', {}, make('figcaption', {}, claim.name + ', ' + claim.metric + ' over generations'),
    draw('svg', { class: 'chart', viewBox: '0 0 ' + width + ' ' + height, role: 'img', 'aria-label': claim.name + ': ' + points.map((point) =>
      point.eval_.value.toFixed(3) + ' in generation ' + point.generation).join(', ') + '; floor ' + last.eval_.floor.toFixed(3) },
    draw('path', { class: 'floor', d: floorLine, fill: 'none' }), draw('path', { class: 'line', d: path(points.map((point) => point.eval_.value)) }),
    ...points.map((point, index) => draw('circle', { cx: x(index), cy: y(point.eval_.value), r: 3.5 },
      draw('title', {}, 'generation ' + point.generation + ', ' + point.version + ': ' + point.eval_.value.toFixed(3)))),
    draw('text', { x: 0, y: y(high) + 4 }, high.toFixed(3)), draw('text', { x: 0, y: y(low) + 4 }, low === high ? '' : low.toFixed(3)),
    draw('text', { x: x(0), y: height - 6, 'text-anchor': 'middle' }, String(points[0].generation)),
    draw('text', { x: x(points.length - 1), y: height - 6, 'text-anchor': 'middle' }, points.length > 1 ? String(last.generation) : '')));
}
// A chart an eval set, and the same figures as a table.
function measured(claims, history) {
  if (!history.length) return [make('p', { class: 'soft' }, 'No generation measured this pack yet: it was installed without the regression suite.')];
  const charts = claims.map((claim) => [claim, figures(history, claim.name, claim.metric)]).filter(([, points]) => points.length)
    .map(([claim, points]) => chart(claim, points));
  const rows = history.slice().reverse().map((entry) => make('tr', {}, ...[String(entry.generation), entry.createdAt || '–', entry.version,
    entry.evals.map((one) => one.eval + ' ' + one.value.toFixed(3) + (one.value === one.baseline ? '' : ' (claim ' + one.baseline.toFixed(3) + ')')).join(', ')]
    .map((cell) => make('td', {}, cell))));
  return [...charts, make('details', { class: 'history' }, make('summary', {}, 'measured in ' + history.length + (history.length === 1 ? ' generation' : ' generations')),
    make('div', { class: 'scroll' }, make('table', {}, make('thead', {}, make('tr', {}, ...['generation', 'when', 'version', 'measured'].map((cell) =>
      make('th', { scope: 'col' }, cell)))), make('tbody', {}, ...rows))))];
}
