/** The page at /docs. Every address is relative, so that the page works below a path prefix as well. */
const $ = (id) => document.getElementById(id);
let running = null;

function show(node) {
  $('output').replaceChildren(node);
}
function pre(text, className = '') {
  const element = document.createElement('pre');
  element.textContent = text;
  element.className = className;
  return element;
}
function cell(tag, text, className = '') {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  return element;
}
function cellText(value) {
  if (value === null) return 'null';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
/** JSON.parse would round int64 and decimals: the page asks for them as strings. */
function table({ columns, rows }) {
  const element = document.createElement('table');
  const head = element.insertRow();
  for (const { name, type } of columns) {
    const th = cell('th', `${name} `);
    th.append(cell('small', type));
    head.append(th);
  }
  const numeric = columns.map(({ type }) => /^(int64|float64|decimal)/.test(type));
  for (const row of rows) {
    const line = element.insertRow();
    for (const [i, value] of row.entries())
      line.append(cell('td', cellText(value), numeric[i] ? 'number' : ''));
  }
  return element;
}
function problemText({ detail, hint, position, code }) {
  return [
    `${code}: ${detail}`,
    position && `line ${position.line}, column ${position.column}\n${position.excerpt}`,
    hint,
  ]
    .filter(Boolean)
    .join('\n\n');
}
/** The key stays in this page alone: nothing keeps it, and no address has it. */
function headers(more = {}) {
  const key = $('key').value.trim();
  return key === '' ? more : { ...more, Authorization: `Bearer ${key}` };
}
async function send(path, body, onAnswer) {
  const queryId = `page-${crypto.randomUUID?.() ?? Date.now()}`;
  running = queryId;
  $('cancel').disabled = false;
  $('stats').textContent = 'running ...';
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: headers({ 'Content-Type': 'application/json', 'Query-Id': queryId }),
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (response.ok) onAnswer(answer);
    else {
      $('stats').textContent = `${response.status} ${answer.title}`;
      show(pre(problemText(answer), 'error'));
      if (response.status === 401) $('key').focus();
    }
  } catch (error) {
    $('stats').textContent = '';
    show(pre(`The server did not answer: ${error.message}`, 'error'));
  } finally {
    running = null;
    $('cancel').disabled = true;
  }
}
function run() {
  const body = { query: $('query').value, rows: 'arrays', numbers: 'string', limits: { rows: 1000 } };
  return send('v1/query', body, (answer) => {
    const { elapsedMs, phases } = answer.stats;
    const spent = Object.entries(phases)
      .filter(([, ms]) => ms > 0)
      .map(([phase, ms]) => `${phase} ${ms}`)
      .join(', ');
    $('stats').textContent =
      `${answer.rowCount} rows${answer.complete ? '' : ' (the first 1000)'}, ${elapsedMs} ms: ${spent}`;
    show(table(answer));
  });
}
function explain() {
  return send('v1/explain', { query: $('query').value }, (answer) => {
    $('stats').textContent = '';
    show(pre(JSON.stringify(answer, null, 2)));
  });
}
/** -d would read a file for a query that begins with @, and its content type is that of a form. */
function curl() {
  const quoted = $('query').value.replaceAll("'", `'\\''`);
  const url = new URL('v1/query', location.href).href;
  const key = $('key').value.trim() === '' ? '' : ` -H "Authorization: Bearer $FORKLINE_KEY"`;
  $('curl').textContent = `curl -s ${url}${key} -H 'Content-Type: text/plain' --data-raw '${quoted}'`;
}

/** The query stands in the address, so that a reload keeps it and a link leads to it. Nothing runs before it is asked to. */
const HASH = '#q=';
function readAddress() {
  if (!location.hash.startsWith(HASH)) return;
  try {
    $('query').value = decodeURIComponent(location.hash.slice(HASH.length));
  } catch {
    // Somebody else's address: what stands in the page stays.
  }
}
function changed() {
  history.replaceState(null, '', HASH + encodeURIComponent($('query').value));
  curl();
}

$('run').onclick = run;
$('explain').onclick = explain;
$('cancel').onclick = () =>
  running && fetch(`v1/queries/${running}`, { method: 'DELETE', headers: headers() });
$('query').oninput = changed;
$('key').oninput = curl;
$('query').onkeydown = (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void run();
};
/** A link sends no key: with one, the page asks itself. */
$('inside').onclick = async (event) => {
  const link = event.target.closest('a');
  if (link === null || $('key').value.trim() === '') return;
  event.preventDefault();
  try {
    const response = await fetch(link.getAttribute('href'), { headers: headers() });
    show(pre(await response.text(), response.ok ? '' : 'error'));
  } catch (error) {
    show(pre(`The server did not answer: ${error.message}`, 'error'));
  }
};
addEventListener('hashchange', () => {
  readAddress();
  curl();
});
readAddress();
curl();
