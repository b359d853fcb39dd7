/** Twilio in the tests: the real sandbox. What it cannot do, a scripted line before it does; see faulty-http.ts. */
import { freePorts } from '../../src/dev/ports.ts';
import { startTwilioSandbox, type TwilioSandbox } from '../../src/dev/twilio.ts';
import { serverFolder } from './programs.ts';

export type SentSms = { sid: string; to: string; from: string; body: string; status: string };

export type TestTwilio = TwilioSandbox & {
  /** All that it has, the newest first: those of other tests too, so numbers are best drawn anew. */
  messages: (to?: string) => Promise<SentSms[]>;
  /** What the network does with a message; tells its status callback, without an ErrorCode, before it returns. */
  setStatus: (sid: string, status: string) => Promise<void>;
  /** A text that somebody sends to our number; handed to `inboundUrl` before it returns. */
  receive: (from: string, body: string) => Promise<void>;
};

/** Starts a sandbox of the test's own; it ends when the tests do, however they end. */
export async function startTwilio(options: { inboundUrl?: string } = {}): Promise<TestTwilio> {
  const own = serverFolder();
  const [port = 0] = await freePorts(1);
  const sandbox = await startTwilioSandbox({ port, inboundUrl: options.inboundUrl ?? null, runDir: own.folder, log: () => {} }).catch(
    (error: unknown) => {
      own.release();
      throw error;
    },
  );
  const ask = async (path: string, form?: Record<string, string>): Promise<unknown> => {
    const authorization = `Basic ${Buffer.from(`${sandbox.accountSid}:${sandbox.authToken}`).toString('base64')}`;
    const response = await fetch(`${sandbox.url}${path}`, {
      headers: { authorization },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  return {
    ...sandbox,
    messages: async (to) => {
      const query = new URLSearchParams({ PageSize: '1000', ...(to !== undefined && { To: to }) });
      return ((await ask(`/2010-04-01/Accounts/${sandbox.accountSid}/Messages.json?${query.toString()}`)) as { messages: SentSms[] })
        .messages;
    },
    setStatus: async (sid, status) => {
      await ask('/_twilio/simulate/message-status', { MessageSid: sid, Status: status });
    },
    receive: async (from, body) => {
      await ask('/_twilio/simulate/inbound-message', { From: from, To: sandbox.from, Body: body });
    },
    stop: async () => {
      await sandbox.stop();
      own.release();
    },
  };
}
