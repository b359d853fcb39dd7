/** Google Calendar v3, as far as it is played. Source: https://developers.google.com/workspace/calendar/api/v3/reference */
import { googleCalendars } from './google-calendars.ts';
import { googleEvents } from './google-events.ts';
import { googleList } from './google-list.ts';
import { googleWatch } from './google-watch.ts';
import type { Notifier } from './notify.ts';
import { mount, notFound, type Server } from './serve.ts';

export function mountGoogle(server: Server, notifier: Notifier, url: string): void {
  const events = googleEvents(server.store, server.settings);
  const lists = googleList(server.store);
  const calendars = googleCalendars(server.store);
  const channels = googleWatch(server.store, notifier, url);
  const calendar = '/calendar/v3/calendars/:calendarId';
  mount(server, 'google', [
    { method: 'get', path: '/calendar/v3/users/me/calendarList', name: 'calendarList.list', operation: calendars.listAll },
    { method: 'get', path: '/calendar/v3/users/me/calendarList/:calendarId', name: 'calendarList.get', operation: calendars.getListed },
    { method: 'post', path: '/calendar/v3/freeBusy', name: 'freebusy.query', operation: calendars.freeBusy },
    { method: 'post', path: '/calendar/v3/channels/stop', name: 'channels.stop', operation: channels.stop },
    { method: 'get', path: calendar, name: 'calendars.get', operation: calendars.get },
    { method: 'get', path: `${calendar}/events`, name: 'events.list', operation: lists.list },
    { method: 'post', path: `${calendar}/events`, name: 'events.insert', writes: true, operation: events.insert },
    { method: 'post', path: `${calendar}/events/watch`, name: 'events.watch', operation: channels.watch },
    { method: 'get', path: `${calendar}/events/:eventId`, name: 'events.get', operation: events.get },
    { method: 'patch', path: `${calendar}/events/:eventId`, name: 'events.patch', writes: true, operation: events.patch },
    { method: 'put', path: `${calendar}/events/:eventId`, name: 'events.update', writes: true, operation: events.update },
    { method: 'delete', path: `${calendar}/events/:eventId`, name: 'events.delete', writes: true, operation: events.delete },
    { method: 'get', path: `${calendar}/events/:eventId/instances`, name: 'events.instances', operation: lists.instances },
  ]);
  server.app.use('/calendar/v3', notFound('google'));
}
