/** The calendar sandbox in the tests: every request goes through the judge of its contract, Google's with Google's own client. */
import { auth, calendar, type calendar_v3 } from '@googleapis/calendar';
import {
  startCalendarSandbox,
  type AddedAccount,
  type CalendarSandbox,
  type CalendarSandboxOptions,
} from '../../src/dev/calendar-sandbox/start.ts';
import { startContract, type Contract } from './contract.ts';

export type Json = Record<string, unknown>;
export type GraphAnswer = { status: number; headers: Headers; body: Json; text: string };
export type Graph = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<GraphAnswer>;

export type TestSandbox = CalendarSandbox & {
  contract: Contract;
  google: (account: AddedAccount) => calendar_v3.Calendar;
  /**
   * Asks Graph; `path` is below `/v1.0`, or a whole address that an answer gave. Plain fetch: Microsoft's JavaScript client has stood at
   * 3.0.7 for years (its successor is a preview), and adds nothing to a request that these tests look at.
   */
  graph: (account: AddedAccount) => Graph;
};

let serial = 0;
/** An address that no other test has. */
export const newEmail = (name = 'barber'): string => `${name}-${++serial}@example.com`;

export async function startSandbox(options: Partial<CalendarSandboxOptions> = {}): Promise<TestSandbox> {
  const sandbox = await startCalendarSandbox({ port: 0, ...options });
  const contract = await startContract(sandbox.url);
  const tokenOf = ({ accessToken }: AddedAccount) => accessToken;
  return {
    ...sandbox,
    contract,
    google: (account) => {
      const client = new auth.OAuth2();
      client.setCredentials({ access_token: tokenOf(account) });
      return calendar({ version: 'v3', auth: client, rootUrl: `${contract.url}/`, retry: false });
    },
    graph:
      (account) =>
      async (method, path, body, headers = {}) => {
        const address = path.startsWith('http') ? path.replace(sandbox.url, contract.url) : `${contract.url}/v1.0${path}`;
        const answer = await fetch(address, {
          method,
          redirect: 'manual',
          headers: {
            authorization: `Bearer ${tokenOf(account)}`,
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        const text = await answer.text();
        return { status: answer.status, headers: answer.headers, text, body: text === '' ? {} : (JSON.parse(text) as Json) };
      },
    stop: async () => {
      contract.stop();
      await sandbox.stop();
    },
  };
}

/** What Google's client throws: status and reason. */
export async function refusalOf(doing: Promise<unknown>): Promise<string> {
  const outcome = await doing.then(
    () => null,
    (error: unknown) => error,
  );
  const { status, response } = (outcome ?? {}) as { status?: number; response?: { data?: { error?: { errors?: { reason: string }[] } } } };
  return outcome === null ? 'done' : `${status} ${response?.data?.error?.errors?.[0]?.reason}`;
}
