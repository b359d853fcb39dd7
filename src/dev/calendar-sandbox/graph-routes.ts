/** Microsoft Graph v1.0, as far as a calendar needs it. Source: https://learn.microsoft.com/en-us/graph/api/resources/calendar */
import { ok, type Call } from './answer.ts';
import type { GraphCode } from './graph-errors.ts';
import { calendarOf, graphEvents } from './graph-events.ts';
import { graphDelta } from './graph-delta.ts';
import { graphSubscriptions, type GraphSubscriptions } from './graph-subscriptions.ts';
import { graphView } from './graph-view.ts';
import type { Notifier } from './notify.ts';
import { mount, notFound, type Route, type Server } from './serve.ts';
import type { Account, Calendar, Json } from './state.ts';

export function mountGraph(server: Server, notifier: Notifier, url: string, expiredCode: () => GraphCode): GraphSubscriptions {
  const { store, settings } = server;
  const events = graphEvents(store, settings, url);
  const views = graphView(store, url);
  const subscriptions = graphSubscriptions(store, settings, notifier, url);

  const showCalendar = ({ id, summary, primary, revision }: Calendar, { name, email }: Account): Json => ({
    id,
    name: summary,
    color: 'auto',
    hexColor: '',
    isDefaultCalendar: primary,
    changeKey: Buffer.from(`${id.slice(0, 8)}${revision}`).toString('base64'),
    canShare: true,
    canViewPrivateItems: true,
    canEdit: true,
    allowedOnlineMeetingProviders: ['teamsForBusiness'],
    defaultOnlineMeetingProvider: 'teamsForBusiness',
    isTallyingResponses: true,
    isRemovable: !primary,
    owner: { name, address: email },
  });
  const me = ({ account: { id, name, email } }: Call) =>
    ok({
      '@odata.context': `${url}/v1.0/$metadata#users/$entity`,
      businessPhones: [],
      displayName: name,
      givenName: null,
      jobTitle: null,
      mail: email,
      mobilePhone: null,
      officeLocation: null,
      preferredLanguage: null,
      surname: null,
      userPrincipalName: email,
      id,
    });
  const calendars = (call: Call) =>
    ok({
      '@odata.context': `${url}/v1.0/$metadata#users('${call.account.id}')/calendars`,
      value: store.state.calendars.filter(({ accountId }) => accountId === call.account.id).map((one) => showCalendar(one, call.account)),
    });
  const calendar = (call: Call) =>
    ok({
      '@odata.context': `${url}/v1.0/$metadata#users('${call.account.id}')/calendar/$entity`,
      ...showCalendar(calendarOf(store, call), call.account),
    });

  const below = (path: string): Route[] => [
    { method: 'get', path: `${path}/events`, name: 'event.list', operation: views.list },
    { method: 'post', path: `${path}/events`, name: 'event.create', writes: true, operation: events.create },
    { method: 'get', path: `${path}/events/:eventId`, name: 'event.get', operation: events.get },
    { method: 'patch', path: `${path}/events/:eventId`, name: 'event.update', writes: true, operation: events.update },
    { method: 'delete', path: `${path}/events/:eventId`, name: 'event.delete', writes: true, operation: events.delete },
    { method: 'get', path: `${path}/calendarView`, name: 'calendarView.list', operation: views.view },
    {
      method: 'get',
      path: `${path}/calendarView/delta`,
      name: 'calendarView.delta',
      operation: graphDelta(store, settings, url, expiredCode),
    },
  ];
  mount(server, 'graph', [
    { method: 'get', path: '/v1.0/me', name: 'me.get', operation: me },
    { method: 'get', path: '/v1.0/me/calendars', name: 'calendar.list', operation: calendars },
    { method: 'get', path: '/v1.0/me/calendar', name: 'calendar.get', operation: calendar },
    { method: 'get', path: '/v1.0/me/calendars/:calendarId', name: 'calendar.get', operation: calendar },
    { method: 'get', path: '/v1.0/me/events/:eventId/instances', name: 'event.instances', operation: views.instances },
    ...['/v1.0/me', '/v1.0/me/calendar', '/v1.0/me/calendars/:calendarId'].flatMap(below),
    { method: 'get', path: '/v1.0/subscriptions', name: 'subscription.list', operation: subscriptions.list },
    { method: 'post', path: '/v1.0/subscriptions', name: 'subscription.create', operation: subscriptions.create },
    { method: 'get', path: '/v1.0/subscriptions/:subscriptionId', name: 'subscription.get', operation: subscriptions.get },
    { method: 'patch', path: '/v1.0/subscriptions/:subscriptionId', name: 'subscription.update', operation: subscriptions.renew },
    { method: 'delete', path: '/v1.0/subscriptions/:subscriptionId', name: 'subscription.delete', operation: subscriptions.delete },
    {
      method: 'post',
      path: '/v1.0/subscriptions/:subscriptionId/reauthorize',
      name: 'subscription.reauthorize',
      operation: subscriptions.reauthorize,
    },
  ]);
  server.app.use('/v1.0', notFound('graph'));
  return subscriptions;
}
