/** Scripted faults: what goes wrong with the next requests, before they are acted upon or after. */
import { randomUUID } from 'node:crypto';
import type { Answer } from './answer.ts';
import { googleError, googleReasons, type GoogleReason } from './google-errors.ts';
import { graphCodes, graphError, type GraphCode } from './graph-errors.ts';
import type { Account, Provider } from './state.ts';

/** `cut`: the line drops; `half`: it drops in the middle of the answer; `silence`: nothing is ever said, and the line stays. */
export type Failure = Answer | 'cut' | 'half' | 'silence';

export interface FaultOrder {
  provider?: Provider | undefined;
  /** Account id or e-mail address; without it every account. */
  account?: string | undefined;
  /** As in the list of counts, `events.insert` for one; a star at the end stands for any rest. Without it every operation. */
  operation?: string | undefined;
  /** `after`: the request is acted upon, and its answer is what fails. */
  when: 'before' | 'after';
  /** A provider's own error by its name (`rateLimitExceeded`, `ApplicationThrottled`), or an answer word for word, or a broken line. */
  failure: Failure | GoogleReason | GraphCode;
  /** Requests that it meets; null: all, until it is taken back. */
  times?: number | null | undefined;
  /** For errors that say when to come back. */
  retryAfterSeconds?: number | undefined;
}

export interface Fault {
  id: string;
  order: FaultOrder;
  left: number | null;
  met: number;
}

export interface Faults {
  add: (order: FaultOrder) => Fault;
  list: () => Fault[];
  clear: (id?: string) => void;
  /** The first fault that this request meets, used up by one. */
  take: (when: 'before' | 'after', provider: Provider, account: Account | null, operation: string) => Failure | null;
}

export function createFaults(): Faults {
  let faults: Fault[] = [];
  const meets = ({ provider, account, operation }: FaultOrder, asked: Provider, by: Account | null, name: string): boolean =>
    (provider === undefined || provider === asked) &&
    (account === undefined || account === by?.id || account === by?.email) &&
    (operation === undefined || operation === name || (operation.endsWith('*') && name.startsWith(operation.slice(0, -1))));
  return {
    add: (order) => {
      const fault = { id: randomUUID(), order, left: order.times === undefined ? 1 : order.times, met: 0 };
      faults.push(fault);
      return fault;
    },
    list: () => faults,
    clear: (id) => {
      faults = id === undefined ? [] : faults.filter((one) => one.id !== id);
    },
    take: (when, provider, account, operation) => {
      const fault = faults.find(({ order, left }) => left !== 0 && order.when === when && meets(order, provider, account, operation));
      if (!fault) return null;
      fault.met += 1;
      if (fault.left !== null) fault.left -= 1;
      return failureOf(fault.order);
    },
  };
}

function failureOf({ failure, retryAfterSeconds }: FaultOrder): Failure {
  if (typeof failure === 'object') return failure;
  const reason = googleReasons.find((one) => one === failure);
  if (reason) return googleError(reason, {}, retryAfterSeconds);
  const code = graphCodes.find((one) => one === failure);
  if (code) return graphError(code, undefined, retryAfterSeconds);
  return failure === 'cut' || failure === 'half' ? failure : 'silence';
}
