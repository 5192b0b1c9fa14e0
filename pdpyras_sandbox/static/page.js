// The sandbox's page: shows the updates from /_sandbox/live, and sends requests to /_sandbox.
'use strict';

const FEW = 8;
const RETRY = 1000;
// The sandbox sends the time every second. After this time without an update, reconnect.
const SILENCE = 6000;

const $ = (id) => document.getElementById(id);
const state = {incidents: {open: 0, resolved: 0, rows: []}, requests: [], events: [], webhooks: {}, now: ''};
const expanded = new Set();

// Elements. Strings are only ever added as text nodes, never as HTML.

// Elements whose text stays a single node.
const ONE_NODE = new Set(['option', 'pre', 'span']);

function element(name, attributes, ...children) {
  const created = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === 'class') created.className = value;
    else if (key.startsWith('on')) created.addEventListener(key.slice(2), value);
    else created.setAttribute(key, value);
  }
  for (const child of children) {
    if (typeof child === 'string') created.append(...(ONE_NODE.has(name) ? [child] : prose(child)));
    else if (child != null) created.append(child);
  }
  return created;
}

// A path or a key, with line breaks after slashes and similar characters if possible.
function code(text) {
  const parts = text.split(/(?<=[/?&=])/);
  return element('code', {}, ...parts.flatMap((part, i) => (i ? [element('wbr'), part] : [part])));
}

function setText(target, text) {
  if (target.textContent !== text) target.replaceChildren(...prose(text));
}

// Text without line breaks inside short words: browsers break dates and options at hyphens.
function prose(text) {
  return text.split(/(\s+)/).map((word) => (
    /[-/?]/.test(word) && word.length < 20 ? element('span', {class: 'whole'}, word) : word));
}

// Update the children of a list to show items. Rows of remaining items are reused to keep the focus.
function sync(list, items, keyOf, make, update) {
  const rows = new Map([...list.children].map((row) => [row.dataset.key, row]));
  items.forEach((item, position) => {
    const key = String(keyOf(item));
    let row = rows.get(key);
    if (row) rows.delete(key);
    else {
      row = make(item);
      row.dataset.key = key;
    }
    if (update) update(row, item);
    const current = list.children[position];
    if (current !== row) list.insertBefore(row, current || null);
  });
  for (const row of rows.values()) {
    const hadFocus = row.contains(document.activeElement);
    row.remove();
    if (hadFocus) focusHeading(list);
  }
  const empty = $('no-' + list.id);
  if (empty) empty.hidden = items.length > 0;
}

function focusHeading(list) {
  const heading = list.closest('section, details').querySelector('h2[tabindex], summary');
  if (heading) heading.focus();
}

// Return the first items, or all if the button for more was clicked.
function few(name, items) {
  const button = $('more-' + name);
  const all = button.dataset.all === 'yes';
  button.hidden = items.length <= FEW;
  setText(button, all ? 'Show fewer' : `Show all ${items.length}`);
  return all ? items : items.slice(0, FEW);
}

// A time in UTC, as in the API, without the date if it is the current one.
function moment(at) {
  if (!at) return '';
  const [date, time] = at.slice(0, 19).split('T');
  return date === state.now.slice(0, 10) ? time : `${date} ${time}`;
}

function timeOf(at) {
  return element('time', {datetime: at || '', title: at || ''}, moment(at));
}

// Requests to the sandbox.

async function send(method, path, body, done) {
  let text;
  try {
    const response = await fetch(path, {
      method,
      headers: body ? {'Content-Type': 'application/json'} : {},
      body: body && JSON.stringify(body),
    });
    const content = response.status === 204 ? {} : await response.json();
    text = response.ok ? done : `Refused: ${content.error}`;
    say(text, !response.ok);
    return response.ok;
  } catch (error) {
    say('The sandbox does not respond.', true);
    return false;
  }
}

function say(text, isError) {
  const message = $('message');
  message.textContent = text;
  message.className = isError ? 'error' : '';
}

async function load(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error((await response.json()).error);
  return response.json();
}

// Incidents.

function showIncidents() {
  const {open, resolved, rows} = state.incidents;
  const withResolved = $('show-resolved').checked;
  setText($('incident-counts'), `${open} open, ${resolved} resolved`);
  const shown = rows.filter((row) => withResolved || row.status !== 'resolved');
  sync($('incidents'), few('incidents', shown), (row) => row.id, makeIncident, updateIncident);
}

function makeIncident(incident) {
  const id = 'timeline-' + incident.id;
  const act = (status, word) => async () => {
    const path = '/_sandbox/incidents/' + incident.id;
    await send('PUT', path, {status}, `Incident ${incident.number} is ${status}.`);
  };
  const button = (status, word) => element(
    'button',
    {type: 'button', class: 'to-' + status, 'aria-label': `${word} incident ${incident.number}`, onclick: act(status, word)},
    word,
  );
  return element(
    'li', {},
    element('span', {class: 'status'}),
    element(
      'button',
      {type: 'button', class: 'title', 'aria-expanded': 'false', 'aria-controls': id, onclick: () => toggle(incident.id)},
    ),
    element('span', {class: 'about'}),
    element('span', {class: 'buttons'}, button('acknowledged', 'Acknowledge'), button('resolved', 'Resolve')),
    element('ol', {class: 'timeline', id, hidden: ''}),
  );
}

function updateIncident(row, incident) {
  const [status, title, about, buttons, timeline] = row.children;
  setText(status, incident.status);
  status.className = 'status ' + incident.status;
  setText(title, `#${incident.number} ${incident.title}`);
  const facts = [incident.service, incident.urgency + ' urgency', ...incident.assignees, moment(incident.created_at)];
  setText(about, facts.join(' · '));
  for (const button of buttons.children) {
    const hide = incident.status === 'resolved' || button.className === 'to-' + incident.status;
    if (hide && button === document.activeElement) title.focus();
    button.hidden = hide;
  }
  const isOpen = expanded.has(incident.id);
  title.setAttribute('aria-expanded', String(isOpen));
  timeline.hidden = !isOpen;
  if (isOpen && timeline.dataset.version !== incident.updated_at + incident.status) showTimeline(timeline, incident);
}

function toggle(id) {
  if (!expanded.delete(id)) expanded.add(id);
  showIncidents();
}

async function showTimeline(list, incident) {
  list.dataset.version = incident.updated_at + incident.status;
  try {
    const {timeline} = await load('/_sandbox/incidents/' + incident.id);
    sync(list, timeline.map((entry, i) => ({...entry, i})), (entry) => entry.i, makeEntry);
  } catch (error) {
    list.replaceChildren(element('li', {}, error.message));
  }
}

function makeEntry({at, text, by, note}) {
  return element('li', {}, timeOf(at), ' ', element('strong', {}, text), ` by ${by}`, note ? ': ' + note : null);
}

// Requests.

function showRequests() {
  const words = $('filter').value.toLowerCase().split(/\s+/);
  const found = state.requests.filter((seen) => {
    const text = `${seen.method} ${seen.path} ${seen.status || 'no response'}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  sync($('requests'), few('requests', found), (seen) => seen.number + ' ' + seen.at, makeRequest, updateRequest);
}

function makeRequest(seen) {
  const details = element(
    'details', {},
    element(
      'summary', {},
      element('span', {class: 'status'}),
      element('span', {class: 'method'}, seen.method),
      code(seen.path),
      timeOf(seen.at),
    ),
    element('div', {class: 'inside'}),
  );
  details.addEventListener('toggle', () => details.open && showDetails(details, seen));
  return element('li', {}, details);
}

function updateRequest(row, seen) {
  const details = row.firstChild;
  const status = details.firstChild.firstChild;
  const text = seen.status === null ? 'no response' : String(seen.status);
  if (status.textContent === text) return;
  status.textContent = text;
  status.className = 'status ' + (seen.status === null || seen.status >= 500 ? 'failed' : seen.status >= 400 ? 'refused' : 'fine');
  if (details.open) showDetails(details, seen);
}

async function showDetails(details, seen) {
  const inside = details.lastChild;
  try {
    const found = await load('/_sandbox/requests/' + seen.number);
    inside.replaceChildren(
      ...block('Query', pairs(found.query)),
      ...block('Request headers', pairs(found.headers)),
      ...block('Request body', text(found.body)),
      ...block('Response headers', pairs(found.response_headers)),
      ...block('Response body', text(found.response_body)),
    );
  } catch (error) {
    inside.replaceChildren(element('p', {}, error.message));
  }
}

function block(title, content) {
  return content ? [element('h3', {}, title), content] : [];
}

function pairs(list) {
  if (!list.length) return null;
  return element('dl', {}, ...list.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, code(value))]));
}

function text(body) {
  return body ? element('pre', {tabindex: '0'}, body) : null;
}

// The panels.

function showClock({now, ahead, next}) {
  state.now = now;
  setText($('now'), now.slice(0, 19).replace('T', ' ') + ' UTC');
  $('now').dateTime = now;
  setText($('ahead'), ahead ? `(${Math.round(ahead / 60).toLocaleString('en')} minutes ahead)` : '');
  sync($('next'), next, (due) => due.incident + due.type + due.at, (due) => element('li', {}, timeOf(due.at), ` ${due.type}: ${due.title}`));
}

function showAccount({counts, keys, services}) {
  setText($('counts'), Object.entries(counts).map(([name, count]) => `${count} ${count === 1 ? name.slice(0, -1) : name}`).join(' · '));
  const facts = [['url', location.origin], ...Object.entries(keys)];
  $('keys').replaceChildren(...facts.flatMap(([name, value]) => [
    element('dt', {}, name.replaceAll('_', ' ')), element('dd', {}, code(value)),
  ]));
  const select = $('trigger').routing_key;
  sync(select, services, (service) => service.routing_key, (service) => element('option', {value: service.routing_key}, service.name));
}

function showOnCall(policies) {
  sync($('oncall'), policies.map((policy) => ({...policy, key: JSON.stringify(policy)})), (policy) => policy.key, (policy) => element(
    'li', {},
    element('strong', {}, policy.policy),
    element('ol', {}, ...policy.levels.map((users) => element('li', {}, users.join(', ') || 'nobody'))),
  ));
}

function showEvents() {
  sync($('events'), few('events', state.events.map((event, i) => ({...event, key: state.events.length - i + JSON.stringify(event)}))), (event) => event.key, (event) => element(
    'li', {},
    timeOf(event.at), ' ', element('strong', {}, event.action), event.summary ? ' ' + event.summary : null, ' ',
    event.dedup_key ? code(event.dedup_key) : null, event.outcome ? ` (${event.outcome})` : null,
  ));
}

function showWebhooks() {
  const {subscriptions, deliveries} = state.webhooks;
  sync($('subscriptions'), subscriptions, (subscription) => JSON.stringify(subscription), (subscription) => element(
    'li', {},
    code(subscription.url),
    subscription.not_called ? element('p', {class: 'warning'}, `Not called: ${subscription.not_called}.`) : null,
    subscription.active ? null : element('p', {class: 'warning'}, 'Inactive.'),
    subscription.disabled ? element('p', {class: 'warning'}, 'Disabled for 24 hours after failed deliveries.') : null,
  ));
  sync($('deliveries'), few('deliveries', deliveries), (delivery) => JSON.stringify(delivery), (delivery) => element(
    'li', {},
    timeOf(delivery.at), ' ', element('strong', {}, delivery.event_type), ' ' + delivery.status,
    delivery.attempts > 1 ? ` after ${delivery.attempts} attempts` : null,
  ));
}

function showFaults(faults) {
  const described = ({times, ...what}) => `${times} × ` + Object.entries(what).map((pair) => pair.join(' ')).join(', ');
  sync($('faults'), faults.map((fault, i) => ({text: described(fault), i})), ({text, i}) => i + text, ({text}) => element('li', {}, text));
  $('clear-faults').hidden = !faults.length;
}

// The stream.

const SHOW = {
  clock: showClock,
  account: showAccount,
  oncall: showOnCall,
  faults: showFaults,
  incidents(content) { state.incidents = content; showIncidents(); },
  requests(content) { state.requests = content; showRequests(); },
  events(content) { state.events = content; showEvents(); },
  webhooks(content) { state.webhooks = content; showWebhooks(); },
};

let watchdog;

function connect() {
  const source = new EventSource('/_sandbox/live');
  const lost = () => {
    source.close();
    clearTimeout(watchdog);
    setConnected(false);
    setTimeout(connect, RETRY);
  };
  source.onerror = lost;
  for (const [name, show] of Object.entries(SHOW)) {
    source.addEventListener(name, (event) => {
      clearTimeout(watchdog);
      watchdog = setTimeout(lost, SILENCE);
      setConnected(true);
      show(JSON.parse(event.data));
    });
  }
}

function setConnected(connected) {
  document.body.classList.toggle('disconnected', !connected);
  setText($('connection'), connected ? 'Live' : 'Disconnected. Reconnecting…');
}

// Forms and buttons.

function onSubmit(id, act) {
  $(id).addEventListener('submit', (event) => {
    event.preventDefault();
    act(new FormData(event.target));
  });
}

onSubmit('trigger', (form) => {
  const payload = {summary: form.get('summary'), source: 'sandbox page', severity: form.get('severity')};
  const event = {event_action: 'trigger', payload};
  for (const name of ['routing_key', 'dedup_key']) if (form.get(name)) event[name] = form.get(name);
  send('POST', '/_sandbox/events', event, 'Event accepted.');
});

const advance = (minutes) => send('POST', '/_sandbox/clock', {minutes}, `Clock advanced by ${minutes} minutes.`);
onSubmit('clock', (form) => advance(Number(form.get('minutes'))));
for (const button of $('clock').querySelectorAll('[data-minutes]')) {
  button.addEventListener('click', () => advance(Number(button.dataset.minutes)));
}

onSubmit('fault', (form) => {
  const fault = {...JSON.parse(form.get('fault')), times: Number(form.get('times'))};
  if (form.get('path')) fault.path = form.get('path');
  send('POST', '/_sandbox/faults', fault, 'Fault added.');
});
$('clear-faults').addEventListener('click', async () => {
  if (await send('DELETE', '/_sandbox/faults', null, 'Faults cleared.')) focusHeading($('faults'));
});

$('reset').addEventListener('click', () => $('confirm').showModal());
$('confirm').addEventListener('close', () => {
  if ($('confirm').returnValue === 'reset') send('POST', '/_sandbox/reset', null, 'Account reset.');
  $('confirm').returnValue = '';
});

for (const [name, show] of [['incidents', showIncidents], ['requests', showRequests], ['events', showEvents], ['deliveries', showWebhooks]]) {
  $('more-' + name).addEventListener('click', (event) => {
    const button = event.target;
    button.dataset.all = button.dataset.all === 'yes' ? 'no' : 'yes';
    show();
  });
}
$('show-resolved').addEventListener('change', showIncidents);
$('filter').addEventListener('input', showRequests);

// On narrow screens, the panels are closed at first.
if (matchMedia('(min-width: 60rem)').matches) {
  for (const panel of document.querySelectorAll('.panel')) panel.open = true;
}

connect();
