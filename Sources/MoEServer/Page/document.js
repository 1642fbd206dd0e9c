// A long document, its passages marked by pack and label.
const hue = (index) => 'hsl(' + (210 + index * 137.5) % 360 + ' 65% 50%)';

function chip(pack, color, text, attributes = {}) {
  const element = make(attributes.onclick ? 'button' : 'span', { class: 'chip', ...attributes }, text);
  element.style.setProperty('--pack', color);
  return element;
}
function passage(found, colors, titles) {
  const box = make('div', { class: found.route.length ? 'passage' : 'passage quiet', 'data-packs': JSON.stringify(found.route.map((route) => route.pack)) });
  if (found.route.length) box.style.setProperty('--pack', colors.get(found.route[0].pack));
  const chips = found.route.flatMap((route) => {
    const tasks = new Map();
    for (const one of found.predictions) if (one.pack === route.pack && !tasks.has(one.task)) tasks.set(one.task, one);
    return [...tasks.values()].map((one) => {
      const known = titles.get(JSON.stringify([one.pack, one.task, one.label])) || {};
      return chip(one.pack, colors.get(one.pack), (known.title || one.label) + ' · ' + percent(one.probability) + ' · ' + one.pack, known.authority ? { title: known.authority } : {});
    });
  });
  box.append(make('p', {}, make('small', { class: 'soft' }, 'line ' + found.line + (found.heading ? ', ' + found.heading : ''))), make('p', {}, found.text));
  if (chips.length) box.append(make('div', { class: 'chips' }, ...chips));
  return box;
}
// Shows the passages of one pack, or all.
function only(name) {
  for (const button of $('findings').querySelectorAll('button')) button.setAttribute('aria-pressed', String(button.dataset.pack === name));
  for (const box of $('passages').children) box.hidden = name !== '' && !JSON.parse(box.dataset.packs).includes(name);
}
$('document-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const text = $('document-text').value;
  if (!text.trim()) return;
  $('read').disabled = true;
  try {
    const value = await call('/v1/analyze', { text, markdown: $('markdown').checked });
    const colors = new Map(value.packs.map((pack, index) => [pack.pack, hue(index)]));
    const titles = new Map(value.packs.flatMap((pack) => pack.labels.map((label) => [JSON.stringify([pack.pack, label.task, label.label]), label])));
    const marked = value.passages.filter((found) => found.route.length).length;
    $('findings').replaceChildren(
      make('p', {}, marked + ' of ' + value.passages.length + ' passages are some pack’s; generation ' + value.generation + '.'),
      make('div', { class: 'chips', role: 'group', 'aria-label': 'Which passages to show' },
        chip('', 'var(--line)', 'all', { type: 'button', 'data-pack': '', 'aria-pressed': 'true', onclick: () => only('') }),
        ...value.packs.map((pack) => chip(pack.pack, colors.get(pack.pack), pack.pack + ' · ' + pack.passages,
          { type: 'button', 'data-pack': pack.pack, 'aria-pressed': 'false', onclick: () => only(pack.pack) }))),
      ...(value.packs.length ? [make('div', { class: 'scroll' }, make('table', {}, make('thead', {}, make('tr', {}, ...['pack', 'label', 'passages'].map((cell) => make('th', { scope: 'col' }, cell)))),
        make('tbody', {}, ...value.packs.flatMap((pack) => pack.labels.map((label) => make('tr', {}, make('td', {}, pack.pack),
          make('td', {}, label.title, label.authority ? make('small', { class: 'soft' }, ' ' + label.authority) : null), make('td', {}, String(label.passages))))))))] : []));
    $('passages').replaceChildren(...value.passages.map((found) => passage(found, colors, titles)));
  } catch (error) {
    $('findings').replaceChildren(failure(error));
    $('passages').replaceChildren();
  }
  $('read').disabled = false;
});
$('document-file').addEventListener('change', async (event) => {
  const file = event.target.files[0];
  if (!file) return;
  $('document-text').value = await file.text();
  $('markdown').checked = /\.(md|markdown)$/i.test(file.name);
});
