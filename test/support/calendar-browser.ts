/** What people do at the calendar sandbox in a browser, and what they see there. */
import { fullScope } from '../../src/dev/calendar-sandbox/tokens.ts';
import type { Json, TestSandbox } from './calendar-sandbox.ts';

/** Opens a provider's page, decides, and answers the address to which the browser is sent back. */
export async function decideAs(
  { url: sandboxUrl }: TestSandbox,
  url: string,
  email: string,
  decision: 'allow' | 'deny' = 'allow',
): Promise<string> {
  const page = await (await fetch(url)).text();
  const request = /name="request" value="([^"]+)"/.exec(page)![1]!;
  const answer = await fetch(`${sandboxUrl}/sandbox/decide`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ request, timeZone: 'Europe/Lisbon', email, decision }),
  });
  return answer.headers.get('location')!;
}

/** Where a page of ours leads on. */
export const linkIn = (page: string): string => /href="([^"]+)"/.exec(page)![1]!.replaceAll('&amp;', '&');

/**
 * What a browser does with the address that the API answers: our page, the provider's, a decision, and back with our cookie. `local` makes
 * a public address one that can be reached. @returns the page in the end.
 */
export async function signInAs(
  sandbox: TestSandbox,
  address: string,
  email: string,
  { decision = 'allow', local = (url) => url }: { decision?: 'allow' | 'deny'; local?: (url: string) => string } = {},
): Promise<Response> {
  const ours = await fetch(local(address));
  if (ours.status !== 200) return ours;
  const cookie = ours.headers.get('set-cookie')?.split(';')[0] ?? '';
  return fetch(local(await decideAs(sandbox, linkIn(await ours.text()), email, decision)), { headers: { cookie } });
}

/**
 * The events of an account's own calendar as its owner's own program, which has other access than ours, reads them; in the order of their
 * starts.
 */
export async function visitsShown(sandbox: TestSandbox, email: string): Promise<{ id: string; summary: string; start: string }[]> {
  const account = sandbox.byHand.account(email);
  const { accessToken } = sandbox.tokens.issue(sandbox.tokens.grant(account, sandbox.clientId, fullScope[account.provider], true));
  const as = { ...account, calendarId: '', accessToken, refreshToken: '' };
  const found =
    account.provider === 'google'
      ? ((await sandbox.google(as).events.list({ calendarId: 'primary' })).data.items ?? []).map(({ id, summary, start }) => ({
          id: id!,
          summary: summary!,
          start: start!.dateTime!,
        }))
      : ((await sandbox.graph(as)('GET', '/me/events')).body.value as Json[]).map(({ id, subject, start }) => ({
          id: String(id),
          summary: String(subject),
          start: `${(start as { dateTime: string }).dateTime.slice(0, 19)}Z`,
        }));
  return found
    .map(({ start, ...more }) => ({ ...more, start: new Date(start).toISOString() }))
    .sort((a, b) => (a.start < b.start ? -1 : 1));
}
