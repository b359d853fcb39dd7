/**
 * Graph's subscriptions. Source: https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks and
 * …/change-notifications-lifecycle-events
 */
import { randomUUID } from 'node:crypto';
import { parseInstant } from '../../domain/time.ts';
import { ok, text, type Call, type Operation } from './answer.ts';
import { refuse } from './graph-errors.ts';
import { etagOf } from './graph-event.ts';
import { isLoopback, type Notifier } from './notify.ts';
import type { Settings } from './settings.ts';
import { current, type Entry, type Json, type Watch } from './state.ts';
import type { Store } from './store.ts';

export type LifecycleEvent = 'reauthorizationRequired' | 'subscriptionRemoved' | 'missed';
const tenantId = '84bd8158-6d4d-4958-8b9f-9d6445542f95';
const words = { created: 'created', changed: 'updated', restored: 'updated', deleted: 'deleted' } as const;

export interface GraphSubscriptions extends Record<'create' | 'list' | 'get' | 'renew' | 'reauthorize' | 'delete', Operation> {
  /** Tells every subscription of an account that gave an address for it; a removed one is gone. */
  tell: (accountId: string, event: LifecycleEvent) => void;
}

export function graphSubscriptions(store: Store, settings: Settings, notifier: Notifier, url: string): GraphSubscriptions {
  const { watches } = store.state;
  const find = (call: Call): Watch =>
    watches.find(
      (one) =>
        one.provider === 'graph' &&
        one.accountId === call.account.id &&
        one.id === call.params.subscriptionId &&
        one.expiresAt > store.now(),
    ) ?? refuse('ErrorItemNotFound', 'The object was not found.');
  const shown = ({ id, resource, changeTypes, address, lifecycleAddress, secret, expiresAt, accountId }: Watch): Json => ({
    id,
    resource,
    applicationId: null,
    changeType: changeTypes.join(','),
    clientState: secret,
    notificationUrl: address,
    lifecycleNotificationUrl: lifecycleAddress,
    expirationDateTime: new Date(expiresAt).toISOString(),
    creatorId: accountId,
    latestSupportedTlsVersion: 'v1_2',
  });
  const context = { '@odata.context': `${url}/v1.0/$metadata#subscriptions/$entity` };
  const send = (address: string, value: Json): void =>
    notifier.queue(address, { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ value: [value] }) });
  const about = ({ id, secret, expiresAt }: Watch): Json => ({
    subscriptionId: id,
    subscriptionExpirationDateTime: new Date(expiresAt).toISOString(),
    tenantId,
    ...(secret !== null && { clientState: secret }),
  });

  store.onChange((account, calendar, entry) => {
    const changeType = words[current(entry).what];
    for (const watch of watches) {
      if (
        watch.provider !== 'graph' ||
        watch.accountId !== account.id ||
        watch.calendarId !== calendar.id ||
        watch.expiresAt <= store.now() ||
        !watch.changeTypes.includes(changeType)
      )
        continue;
      send(watch.address, { ...about(watch), changeType, ...dataOf(account.id, entry) });
    }
  });

  /** "The client must … respond within 10 seconds with the plain text validation token", else the subscription is refused. */
  const validate = async (address: string): Promise<void> => {
    const token = `Validation: Testing client application reachability for subscription Request-Id: ${randomUUID()}`;
    const target = new URL(address);
    target.searchParams.set('validationToken', token);
    const answer = await notifier.post(target.href, { headers: { 'Content-Type': 'text/plain; charset=utf-8' } });
    if (answer?.status !== 200 || answer.text !== token)
      refuse(
        'ValidationError',
        'Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request.',
      );
  };
  const expirationOf = (body: Json): number => {
    const at =
      parseInstant(String(body.expirationDateTime).replace(/(\.\d{1,9})\d*/, '$1')) ??
      refuse('InvalidRequest', 'The expirationDateTime is missing or not a date and time.');
    if (at > store.now() + settings.subscriptionMinutes * 60_000)
      refuse('InvalidRequest', `Subscription expiration can only be ${settings.subscriptionMinutes} minutes in the future.`);
    return at <= store.now() ? refuse('InvalidRequest', 'Subscription expiration must be in the future.') : at;
  };

  return {
    create: async (call) => {
      const { body, account } = call;
      const expiresAt = expirationOf(body);
      const [address, lifecycle, secret, resource] = [
        text(body.notificationUrl),
        text(body.lifecycleNotificationUrl) ?? null,
        text(body.clientState) ?? null,
        text(body.resource) ?? '',
      ];
      if (address === undefined || !isLoopback(address) || (lifecycle !== null && !isLoopback(lifecycle)))
        return refuse('InvalidRequest', 'The notificationUrl is not valid.');
      if ((secret ?? '').length > 128) refuse('InvalidRequest', 'The clientState is longer than 128 characters.');
      const changeTypes = (text(body.changeType) ?? '')
        .split(',')
        .map((one) => one.trim())
        .filter(Boolean);
      if (changeTypes.length === 0 || changeTypes.some((one) => !['created', 'updated', 'deleted'].includes(one)))
        refuse('InvalidRequest', 'The changeType is not valid.');
      const named =
        /^\/?me(?:\/calendar|\/calendars\/([^/]+))?\/events$/.exec(resource) ??
        refuse('InvalidRequest', `The resource '${resource}' is not supported.`);
      const calendar = store.calendar(account, named[1] === undefined ? null : decodeURIComponent(named[1])) ?? refuse('ErrorItemNotFound');
      for (const each of new Set([address, ...(lifecycle === null ? [] : [lifecycle])])) await validate(each);
      const watch: Watch = {
        id: randomUUID(),
        provider: 'graph',
        accountId: account.id,
        calendarId: calendar.id,
        address,
        lifecycleAddress: lifecycle,
        secret,
        expiresAt,
        resource,
        changeTypes,
        messages: 0,
      };
      watches.push(watch);
      return { status: 201, body: { ...context, ...shown(watch) } };
    },
    list: (call) =>
      ok({
        '@odata.context': `${url}/v1.0/$metadata#subscriptions`,
        value: watches
          .filter((one) => one.provider === 'graph' && one.accountId === call.account.id && one.expiresAt > store.now())
          .map(shown),
      }),
    get: (call) => ok({ ...context, ...shown(find(call)) }),
    renew: (call) => {
      const watch = find(call);
      watch.expiresAt = expirationOf(call.body);
      return ok({ ...context, ...shown(watch) });
    },
    reauthorize: (call) => {
      find(call);
      return { status: 204 };
    },
    delete: (call) => {
      watches.splice(watches.indexOf(find(call)), 1);
      return { status: 204 };
    },
    tell: (accountId, lifecycleEvent) => {
      for (const watch of watches.filter((one) => one.provider === 'graph' && one.accountId === accountId && one.expiresAt > store.now())) {
        if (watch.lifecycleAddress !== null) send(watch.lifecycleAddress, { ...about(watch), lifecycleEvent });
        if (lifecycleEvent === 'subscriptionRemoved') watches.splice(watches.indexOf(watch), 1);
      }
    },
  };
}

const dataOf = (accountId: string, entry: Entry): Json => {
  const resource = `Users/${accountId}/Events/${entry.id}`;
  return {
    resource,
    resourceData: { '@odata.type': '#Microsoft.Graph.Event', '@odata.id': resource, '@odata.etag': etagOf(current(entry)), id: entry.id },
  };
};
