/**
 * The sandbox that takes all SMS on one machine: `emulate`'s Twilio, in memory, with a web page that shows them, on the loopback address.
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Log } from './progress.ts';
import { requireFreePort } from './ports.ts';
import { endLeftover, startProcess, waitUntil } from './processes.ts';

export interface TwilioOptions {
  port: number;
  /** Given to keep them across restarts: status callbacks are signed with the token. */
  authToken?: string;
  /** Where a text that somebody sends to our number is handed on; null: nowhere. */
  inboundUrl: string | null;
  /** Folder for seed, pid file and log. */
  runDir: string;
  log: Log;
}

export interface TwilioSandbox {
  /** The API, and in a browser a page with all messages. */
  url: string;
  accountSid: string;
  authToken: string;
  /** The number that texts come from. */
  from: string;
  /** A messaging service that sends from the same number. */
  messagingServiceSid: string;
  stop(): Promise<void>;
}

const program = resolve(import.meta.dirname, '../../node_modules/emulate/dist/index.js');
const accountSid = `AC${'5'.repeat(32)}`;
const messagingServiceSid = `MG${'5'.repeat(32)}`;
/** Of a range that Portugal's numbering plan gives to nobody. */
const from = '+351900000000';

/** Starts the sandbox and waits until its API answers. */
export async function startTwilioSandbox({
  port,
  authToken = randomBytes(16).toString('hex'),
  inboundUrl,
  runDir,
  log,
}: TwilioOptions): Promise<TwilioSandbox> {
  const pidFile = join(runDir, 'twilio.pid');
  await endLeftover(pidFile);
  await requireFreePort(port, 'the SMS sandbox', 'SMS_SANDBOX_PORT');
  const seed = {
    account: { sid: accountSid, auth_token: authToken, friendly_name: 'Punctual' },
    phone_numbers: [{ phone_number: from, friendly_name: 'Punctual', ...(inboundUrl !== null && { sms_url: inboundUrl }) }],
    messaging_services: [{ sid: messagingServiceSid, friendly_name: 'Punctual', phone_numbers: [from] }],
  };
  const seedFile = join(runDir, 'twilio.json');
  writeFileSync(seedFile, JSON.stringify({ twilio: seed }), { mode: 0o600 });
  const server = {
    name: 'The SMS sandbox',
    command: process.execPath,
    args: [program, 'start', '--service', 'twilio', '--port', String(port), '--host', '127.0.0.1', '--seed', seedFile],
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('EMULATE_'))),
    logFile: join(runDir, 'twilio.log'),
    pidFile,
  };
  const url = `http://127.0.0.1:${port}`;
  const running = await startProcess(server);
  const headers = { authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}` };
  const answers = async () => (await fetch(`${url}/2010-04-01/Accounts/${accountSid}.json`, { headers }).catch(() => null))?.ok ?? false;
  await waitUntil(answers, running, server);
  log(`SMS sandbox ready on ${url}`);
  return { url, accountSid, authToken, from, messagingServiceSid, stop: () => running.stop() };
}
