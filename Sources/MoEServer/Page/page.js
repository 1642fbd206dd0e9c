'use strict';
const $ = (id) => document.getElementById(id);
let key = sessionStorage.getItem('moe-pack-key') || '';
let shown = null;
let models = new Map();

// Text never becomes markup: every element is made here.
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'onclick') element.addEventListener('click', value);
    else if (name === 'width') element.style.width = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}
const percent = (share) => share > 0 && share < 0.001 ? '< 0.1 %' : share < 1 && share > 0.999 ? '> 99.9 %' : (share * 100).toFixed(1) + ' %';
const milliseconds = (seconds) => seconds ? (seconds * 1000).toFixed(1) + ' ms' : '–';

async function call(path, body) {
  const headers = {};
  if (key) headers.Authorization = 'Bearer ' + key;
  if (body) headers['Content-Type'] = 'application/json';
  const response = await fetch(path, { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body) });
  const value = await response.json();
  if (!response.ok) {
    const error = new Error(value.error ? value.error.message : 'the server refused');
    error.hint = value.error && value.error.hint;
    error.status = response.status;
    throw error;
  }
  return value;
}
function failure(error) {
  return make('p', { class: 'bad', role: 'alert' }, error.message + (error.hint ? ' – ' + error.hint : ''));
}
function bar(name, share, label) {
  return make('div', { class: 'bar' }, make('span', {}, name),
    make('div', { class: 'track', role: 'img', 'aria-label': (label || name) + ': ' + percent(share) },
      make('div', { class: 'fill', width: Math.max(0, Math.min(1, share)) * 100 + '%' })),
    make('b', {}, percent(share)));
}

async function detail(pack) {
  if (!models.has(pack)) models.set(pack, call('/v1/models/' + pack).catch(() => ({})));
  return models.get(pack);
}
async function answer(result, text) {
  const box = make('div', {}, make('h3', { class: 'soft' }, text.length > 80 ? text.slice(0, 80) + '…' : text));
  if (!result.route.length) {
    box.append(make('p', {}, 'No pack is responsible for this text.',
      result.nearest ? ' The nearest is ' + result.nearest.pack + ' (margin ' + result.nearest.margin.toFixed(2) + ').' : ''));
  }
  for (const route of result.route) box.append(bar(route.pack + ' ' + route.version, route.weight));
  box.append(bar('no pack', result.none));
  const list = make('ul', { class: 'labels' });
  for (const prediction of result.predictions) {
    const model = await detail(prediction.pack);
    const entry = ((model.labels || {})[prediction.task] || {})[prediction.label] || {};
    list.append(make('li', {}, make('p', {}, make('strong', {}, percent(prediction.probability)), ' ', entry.title || prediction.label),
      entry.authority ? make('p', { class: 'soft' }, entry.authority) : null,
      make('p', { class: 'soft' }, make('small', {}, prediction.pack + ' · ' + prediction.task))));
  }
  if (result.predictions.length) box.append(list);
  else if (result.route.length) box.append(make('p', {}, 'No label: none is probable enough.'));
  return box;
}
$('ask-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const texts = $('text').value.split(/\n\s*\n/).map((text) => text.trim()).filter(Boolean);
  if (!texts.length) return;
  $('send').disabled = true;
  $('experts').replaceChildren();
  try {
    const value = await call('/v1/predict', { texts });
    const boxes = [];
    for (const [index, result] of value.results.entries()) boxes.push(await answer(result, texts[index]));
    boxes.push(make('p', { class: 'soft' }, make('small', {}, 'generation ' + value.generation + ' · ' + value.composition.slice(0, 19) + ' · ' + value.id)));
    $('answers').replaceChildren(...boxes);
  } catch (error) {
    $('answers').replaceChildren(failure(error));
  }
  $('send').disabled = false;
});
$('text').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) $('ask-form').requestSubmit();
});
$('look').addEventListener('click', async () => {
  const text = $('text').value.trim();
  if (!text) return;
  try {
    const value = await call('/v1/trace', { text });
    const parts = value.layers.map((layer) => make('details', { open: '' },
      make('summary', {}, (layer.pack ? layer.pack + ', ' : '') + 'layer ' + layer.layer + ': ' + layer.shares.length + ' experts'),
      ...layer.shares.map((share, index) => bar('expert ' + index, share)),
      make('div', { class: 'tokens' }, ...(layer.tokens || []).map((experts, index) =>
        make('span', {}, value.tokens[index] ?? '', make('small', {}, experts.join(' ')))))));
    $('experts').replaceChildren(...(parts.length ? parts : [make('p', {}, 'No experts took part in this text.')]));
  } catch (error) {
    $('experts').replaceChildren(failure(error));
  }
});

async function showPacks() {
  const value = await call('/v1/models');
  models = new Map();
  const packs = value.data.filter((model) => model.kind === 'pack');
  const backbone = value.data.find((model) => model.kind !== 'pack');
  const parts = [make('p', { class: 'soft' }, 'on ' + backbone.id + ', ' + packs.length + (packs.length === 1 ? ' pack' : ' packs'))];
  for (const pack of packs) {
    const body = make('div');
    const box = make('details', { 'data-pack': pack.id }, make('summary', {}, pack.id + ' ' + pack.version), make('p', {}, pack.summary), body);
    box.addEventListener('toggle', async () => {
      if (!box.open || body.childNodes.length) return;
      const model = await detail(pack.id);
      const history = await call('/v1/evals?pack=' + encodeURIComponent(pack.id)).catch(() => ({ history: [] }));
      const rows = (model.evals || []).map((eval_) => make('tr', {}, ...[eval_.name, eval_.metric, eval_.value.toFixed(3), eval_.floor.toFixed(3), String(eval_.examples)].map((cell) => make('td', {}, cell))));
      body.replaceChildren(
        make('p', { class: 'soft' }, 'as of ' + pack.about.asOf + ' · ' + [...pack.about.jurisdictions, ...pack.about.languages].join(', ') + ' · ' + pack.license),
        make('div', { class: 'scroll' }, make('table', {}, make('thead', {}, make('tr', {}, ...['eval set', 'metric', 'claim', 'floor', 'examples'].map((cell) => make('th', { scope: 'col' }, cell)))), make('tbody', {}, ...rows))),
        ...measured(model.evals || [], history.history));
    });
    parts.push(box);
  }
  $('packs').replaceChildren(...parts);
}
async function showGenerations() {
  let value;
  try { value = await call('/v1/generations'); } catch (error) {
    $('generations-part').hidden = true;
    $('look').hidden = true;
    return;
  }
  $('generations-part').hidden = false;
  $('look').hidden = false;
  const rows = value.generations.slice().reverse().map((generation) => make('tr', {},
    make('td', {}, String(generation.generation)), make('td', {}, generation.createdAt || '–'), make('td', {}, generation.action),
    make('td', {}, generation.proven ? 'proven' : 'unproven'),
    make('td', {}, generation.generation === value.active ? make('strong', {}, 'active') : generation.kept
      ? make('span', {}, make('button', { class: 'plain', type: 'button', onclick: () => showDiff(generation.generation, value.active) }, 'Compare'), ' ',
        make('button', { class: 'plain', type: 'button', onclick: (event) => rollBack(generation.generation, event.target) }, 'Roll back'))
      : make('span', { class: 'soft' }, 'let go'))));
  $('generations').replaceChildren(make('table', {}, make('thead', {}, make('tr', {}, ...['number', 'when', 'what', 'suite', ''].map((cell) => make('th', { scope: 'col' }, cell)))), make('tbody', {}, ...rows)));
}
async function showDiff(before, after) {
  try {
    const value = await call('/v1/generations/diff?before=' + before + '&after=' + after);
    const names = (list) => list.length ? list.map((pack) => pack.pack + ' ' + pack.version).join(', ') : 'none';
    $('diff').replaceChildren(make('h3', {}, 'From ' + before + ' to ' + after), make('p', {}, 'added: ' + names(value.added)),
      make('p', {}, 'removed: ' + names(value.removed)), make('p', {}, 'replaced: ' + (value.replaced.length ? value.replaced.map((pair) => pair.before.pack + ' ' + pair.before.version + ' → ' + pair.after.version).join(', ') : 'none')),
      make('p', {}, 'threshold: ' + value.threshold.before + ' → ' + value.threshold.after));
  } catch (error) { $('diff').replaceChildren(failure(error)); }
}
async function rollBack(generation, button) {
  if (!confirm('Bring back the packs of generation ' + generation + '?')) return;
  button.disabled = true;
  try {
    const made = await call('/v1/rollback', { generation });
    $('diff').replaceChildren(make('p', { class: 'good' }, 'generation ' + made.generation + ' is active: ' + made.action));
  } catch (error) { $('diff').replaceChildren(failure(error)); }
  button.disabled = false;
}
