/**
 * What an operation of either provider is given and gives back. Answers are values, so that a fault can withhold one that was already acted
 * upon.
 */
import type { Request } from 'express';
import type { Account, Json, Provider } from './state.ts';

export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Call {
  account: Account;
  /** Of the path, decoded. */
  params: Record<string, string>;
  /** Every value given for a name; names in lower case where the provider ignores case. */
  query: Map<string, string[]>;
  header: (name: string) => string | undefined;
  body: Json;
}

export type Operation = (call: Call) => Answer | Promise<Answer>;

/** A refusal in a provider's own words; thrown anywhere below an operation. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`refused with ${answer.status}`);
    this.name = 'Refusal';
    this.answer = answer;
  }
}

export const ok = (body: unknown, headers: Record<string, string> = {}): Answer => ({ status: 200, body, headers });

export function callOf(request: Request, account: Account): Call {
  const query = new Map<string, string[]>();
  for (const [name, value] of new URL(request.originalUrl, 'http://127.0.0.1').searchParams) {
    const key = account.provider === 'graph' ? name.toLowerCase() : name;
    query.set(key, [...(query.get(key) ?? []), value]);
  }
  const body = request.body as unknown;
  return {
    account,
    params: request.params as Record<string, string>,
    query,
    header: (name) => request.get(name),
    body: isJson(body) ? body : {},
  };
}

export const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
export const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
export const one = (call: Call, name: string): string | undefined => call.query.get(name)?.[0];

/** Which provider a path belongs to. */
export const providerOf = (path: string): Provider => (/^\/(calendar\/v3|o\/oauth2|token|revoke)(\/|$)/.test(path) ? 'google' : 'graph');
