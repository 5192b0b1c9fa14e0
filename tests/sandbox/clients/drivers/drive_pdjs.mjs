// @pagerduty/pdjs, PagerDuty's own client for JavaScript.

import { createRequire } from 'node:module';

// From the folder in which it is installed.
const require = createRequire(process.argv[2]);
const { api, event, trigger, acknowledge, resolve, change } = require('@pagerduty/pdjs');

const env = process.env;
const pd = api({ token: env.PAGERDUTY_API_KEY });
const byToken = api({ token: env.PAGERDUTY_OAUTH_TOKEN, tokenType: 'bearer' });
const headers = { From: env.PAGERDUTY_EMAIL };

async function attempt(name, operation) {
  let result = null;
  let problem = null;
  try {
    result = await operation();
    if (!result) problem = `returned ${result}`;
  } catch (error) {
    problem = `${error} ${error.cause ?? ''}`;
  }
  console.log(JSON.stringify({ operation: name, problem }));
  return result;
}

/** The resource of a response that is a success. */
async function ok(promise) {
  const { response, resource, data } = await promise;
  if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(data)}`);
  return resource ?? data ?? true;
}

const routing_key = env.PAGERDUTY_ROUTING_KEY;
const payload = { summary: 'The server is on fire', source: 'cellar', severity: 'critical' };
const of = (incident, status) => ({ id: incident.id, type: 'incident_reference', status });

await attempt('get a user by OAuth token', () => ok(byToken.get('/users/me')));
await attempt('get users', async () => (await ok(pd.get('/users'))).length === 1);
const newcomer = { type: 'user', name: 'Newcomer', email: 'newcomer@example.com' };
const user = await attempt('post a user', () => ok(pd.post('/users', { data: { user: newcomer } })));
await attempt('put a user', () =>
  ok(pd.put(`/users/${user.id}`, { data: { user: { ...user, name: 'Old Hand' } } })));
await attempt('all users, page by page', async () =>
  (await pd.all('/users', { data: { limit: 1 } })).resource.length === 2);
await attempt('delete a user', () => ok(pd.delete(`/users/${user.id}`)));
await attempt('get by endpoint', () => ok(pd({ method: 'get', endpoint: '/services' })));
await attempt('get in the EU', () =>
  ok(api({ token: env.PAGERDUTY_API_KEY, server: 'api.eu.pagerduty.com' }).get('/services')));
const { dedup_key } = (await attempt('event', () =>
  ok(event({ data: { routing_key, event_action: 'trigger', payload } })))) ?? {};
await attempt('trigger', () =>
  ok(trigger({ data: { routing_key, event_action: 'trigger', dedup_key, payload } })));
await attempt('acknowledge', () =>
  ok(acknowledge({ data: { routing_key, event_action: 'acknowledge', dedup_key } })));
const [incident] = (await attempt('get incidents', () => ok(pd.get('/incidents')))) ?? [];
await attempt('the incident is acknowledged', () => incident.status === 'acknowledged');
await attempt('put incidents', async () => {
  const data = { incidents: [of(incident, 'resolved')] };
  const { incidents } = await ok(pd.put('/incidents', { headers, data }));
  return incidents[0].status === 'resolved';
});
await attempt('resolve', () =>
  ok(resolve({ data: { routing_key, event_action: 'resolve', dedup_key } })));
await attempt('change', () => ok(change({ data: { routing_key, payload: { summary: 'Deployed', source: 'ci' } } })));
