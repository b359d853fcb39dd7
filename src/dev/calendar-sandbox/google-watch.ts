/** Google's notification channels. Source: https://developers.google.com/workspace/calendar/api/guides/push */
import { createHash } from 'node:crypto';
import { isJson, ok, text, type Operation } from './answer.ts';
import { refuse } from './google-errors.ts';
import { calendarOf } from './google-events.ts';
import { isLoopback, type Notifier } from './notify.ts';
import type { Watch } from './state.ts';
import type { Store } from './store.ts';

const defaultSeconds = 604_800;

export function googleWatch(store: Store, notifier: Notifier, url: string): Record<'watch' | 'stop', Operation> {
  const { watches } = store.state;
  const uriOf = (watch: Watch) => `${url}/calendar/v3/calendars/${encodeURIComponent(watch.calendarId)}/events?alt=json`;

  /** "X-Goog-Message-Number: 1 for sync messages; larger, not necessarily sequential for later ones." */
  const send = (watch: Watch, state: 'sync' | 'exists'): void => {
    watch.messages += state === 'sync' ? 1 : 1 + (watch.messages % 3);
    notifier.queue(watch.address, {
      headers: {
        'X-Goog-Channel-ID': watch.id,
        'X-Goog-Resource-ID': watch.resource,
        'X-Goog-Resource-URI': uriOf(watch),
        'X-Goog-Resource-State': state,
        'X-Goog-Message-Number': String(watch.messages),
        'X-Goog-Channel-Expiration': new Date(watch.expiresAt).toUTCString(),
        ...(watch.secret !== null && { 'X-Goog-Channel-Token': watch.secret }),
      },
    });
  };
  store.onChange((account, calendar) => {
    for (const watch of watches)
      if (
        watch.provider === 'google' &&
        watch.accountId === account.id &&
        watch.calendarId === calendar.id &&
        watch.expiresAt > store.now()
      )
        send(watch, 'exists');
  });

  return {
    watch: (call) => {
      const calendar = calendarOf(store, call);
      const [id, address, token] = [text(call.body.id), text(call.body.address), text(call.body.token) ?? null];
      if (id === undefined || !/^[A-Za-z0-9\-_+/=]{1,64}$/.test(id)) return refuse('invalid', { message: 'Invalid channel id' });
      if (!/^web_?hook$/.test(String(call.body.type))) refuse('invalid', { message: 'Invalid channel type' });
      if (address === undefined || !isLoopback(address)) return refuse('webhookUrlUnauthorized');
      const before = watches.findIndex((one) => one.id === id);
      if (before >= 0 && watches[before]!.expiresAt > store.now()) refuse('channelIdNotUnique', { message: `Channel id ${id} not unique` });
      if (before >= 0) watches.splice(before, 1);
      const ttl = isJson(call.body.params) ? Number(call.body.params.ttl) : Number.NaN;
      const latest = store.now() + (Number.isFinite(ttl) ? Math.min(ttl, 30 * 86_400) : defaultSeconds) * 1000;
      const wanted = Number(call.body.expiration ?? latest);
      const watch: Watch = {
        id,
        provider: 'google',
        accountId: call.account.id,
        calendarId: calendar.id,
        address,
        lifecycleAddress: null,
        secret: token,
        expiresAt: Number.isFinite(wanted) ? Math.min(wanted, Math.max(latest, store.now() + 30 * 86_400_000)) : latest,
        resource: createHash('sha256').update(calendar.id).digest('base64url').slice(0, 27),
        changeTypes: [],
        messages: 0,
      };
      watches.push(watch);
      send(watch, 'sync');
      return ok({
        kind: 'api#channel',
        id,
        resourceId: watch.resource,
        resourceUri: uriOf(watch),
        ...(token !== null && { token }),
        expiration: String(watch.expiresAt),
      });
    },
    stop: (call) => {
      const at = watches.findIndex(
        (one) =>
          one.provider === 'google' &&
          one.accountId === call.account.id &&
          one.id === call.body.id &&
          one.resource === call.body.resourceId,
      );
      if (at < 0) refuse('notFound', { message: `Channel '${String(call.body.id)}' not found for project` });
      watches.splice(at, 1);
      return { status: 204 };
    },
  };
}
