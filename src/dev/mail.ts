/** The inbox that catches all mail on one machine: maildev, SMTP and web page on the loopback address. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Log } from './progress.ts';
import { portAnswers, requireFreePort } from './ports.ts';
import { endLeftover, startProcess, waitUntil } from './processes.ts';

export interface MailOptions {
  smtpPort: number;
  webPort: number;
  /** Where mails are kept across restarts; null keeps them until the stop. */
  mailDir: string | null;
  /** Folder for pid file and log. */
  runDir: string;
  log: Log;
}

export interface MailServer {
  smtpUrl: string;
  webUrl: string;
  /** Lists mails as JSON. */
  apiUrl: string;
  stop(): Promise<void>;
}

const program = resolve(import.meta.dirname, '../../node_modules/maildev/dist/bin/maildev.js');

/** Starts the inbox and waits until both its ports answer. */
export async function startMaildev({ smtpPort, webPort, mailDir, runDir, log }: MailOptions): Promise<MailServer> {
  const pidFile = join(runDir, 'maildev.pid');
  await endLeftover(pidFile);
  await requireFreePort(smtpPort, 'the mail inbox (SMTP)', 'SMTP_PORT');
  await requireFreePort(webPort, "the mail inbox's web page", 'MAIL_UI_PORT');
  // Without a folder maildev uses one that all its runs on a machine share, so it always gets one.
  const folder = mailDir ?? mkdtempSync(join(tmpdir(), 'punctual-mail-'));
  mkdirSync(folder, { recursive: true });
  const removeFolder = () => {
    if (mailDir === null) rmSync(folder, { recursive: true, force: true });
  };
  const server = {
    name: 'The mail inbox',
    command: process.execPath,
    args: [
      program,
      '--smtp',
      String(smtpPort),
      '--ip',
      '127.0.0.1',
      '--web',
      String(webPort),
      '--web-ip',
      '127.0.0.1',
      // All of them are read again at each start, so there is an end to how many are kept.
      '--mail-directory',
      folder,
      '--max-emails',
      '20000',
    ],
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MAILDEV_'))),
    logFile: join(runDir, 'maildev.log'),
    pidFile,
  };
  try {
    const running = await startProcess(server);
    await waitUntil(async () => (await portAnswers(smtpPort)) && (await portAnswers(webPort)), running, server);
    log(`Mail inbox ready on http://127.0.0.1:${webPort}`);
    return {
      smtpUrl: `smtp://127.0.0.1:${smtpPort}`,
      webUrl: `http://127.0.0.1:${webPort}`,
      apiUrl: `http://127.0.0.1:${webPort}/api/email`,
      stop: async () => {
        await running.stop();
        removeFolder();
      },
    };
  } catch (error) {
    removeFolder();
    throw error;
  }
}
