/** Notifications to programs that watch: sent in order to each, again when the receiver fails, and only to this machine. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from './settings.ts';

export interface Notifier {
  /** Resolves with what the receiver said; null when it could not be reached in 10 s. */
  post: (address: string, request: { headers?: Record<string, string>; body?: string }) => Promise<{ status: number; text: string } | null>;
  /**
   * Like `post`, after all that was queued for this address before, and again (with growing waits) while the receiver answers 5xx or
   * nothing.
   */
  queue: (address: string, request: { headers?: Record<string, string>; body?: string }) => void;
  /** Resolves when nothing is queued any more. */
  idle: () => Promise<void>;
  stop: () => void;
}

/** The sandbox makes no call that leaves this machine. */
export function isLoopback(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && /^https?:$/.test(url.protocol) && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
}

export function createNotifier(settings: Settings): Notifier {
  const stopped = new AbortController();
  const queues = new Map<string, Promise<void>>();

  const post: Notifier['post'] = async (address, { headers = {}, body }) => {
    try {
      const answer = await fetch(address, {
        method: 'POST',
        headers,
        redirect: 'error',
        signal: AbortSignal.any([stopped.signal, AbortSignal.timeout(10_000)]),
        ...(body !== undefined && { body }),
      });
      return { status: answer.status, text: await answer.text() };
    } catch {
      return null;
    }
  };
  const deliver = async (address: string, request: Parameters<Notifier['post']>[1]): Promise<void> => {
    for (let tries = 0, wait = settings.notificationRetryMs; !stopped.signal.aborted; tries++, wait *= 2) {
      const answer = await post(address, request);
      if ((answer !== null && answer.status < 500) || tries >= settings.notificationRetries) return;
      await sleep(wait, undefined, { signal: stopped.signal }).catch(() => {});
    }
  };
  return {
    post,
    queue: (address, request) => {
      const after = (queues.get(address) ?? Promise.resolve()).then(() => deliver(address, request));
      queues.set(address, after);
      void after.then(() => {
        if (queues.get(address) === after) queues.delete(address);
      });
    },
    idle: async () => {
      while (queues.size > 0) await Promise.all(queues.values());
    },
    stop: () => stopped.abort(),
  };
}
