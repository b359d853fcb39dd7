/** What the command line asks for. Whatever is missing or malformed becomes one sentence that names it. */
import { parseArgs } from 'node:util';
import { isLocalDate, parseInstant, toWall } from '../domain/time.ts';

/** The request itself is faulty: exit code 2, where a command that could not be carried out ends with 1. */
export class UsageError extends Error {}

export const scopes = ['book', 'manage', 'ops'] as const;
export type Scope = (typeof scopes)[number];

export const usage = `Usage: npm run cli -- <command>     (in the image: node src/cli/main.ts <command>)

  network create --slug <slug> --name <name>
      Makes a network and prints its id.
  key create --network <slug> --client <name> --scopes book,manage,ops [--expires 2027-01-01]
      Makes an API key and prints it, once. A client may hold several, so that one can be rotated. It ends at 00:00 UTC of the date.
  key revoke --network <slug> --key <id>
      Ends a key within seconds. The id is in the list; the key itself does as well.
  key list --network <slug>
      Prints id, client, scopes, state, end and last use of each key, separated by tabs.
  times check [--network <slug>]
      After an update of Node: lists appointments whose instant no longer means the wall time that was promised, because a government has
      changed its clock rules. Ends with code 3 if there are any.
  times move [--network <slug>]
      Moves them back to the promised wall time, with their reminders. Lists those that a person must settle, and ends with code 3 then.
  times adopt
      Adopts this Node's zone data, also when it is older than what was adopted. (The migration adopts newer data.)
  help
      Prints this.

It works on the database that DATABASE_URL names; SMTP_URL and LINK_SECRET must be set, too, and TEMPORAL_ADDRESS for "times move".`;

/** Reads the options of a command; all of `needed` must be there, nothing else but `optional` may. */
export function readFlags<N extends string, O extends string = never>(
  args: string[],
  needed: readonly N[],
  optional: readonly O[] = [],
): Record<N, string> & Partial<Record<O, string>> {
  const names: readonly string[] = [...needed, ...optional];
  const { values, tokens } = parseArgs({
    args,
    options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind === 'positional') throw new UsageError(`"${token.value}" is not expected here; texts of several words need quotes.`);
    if (token.kind !== 'option') continue;
    if (!names.includes(token.name)) throw new UsageError(`There is no option ${token.rawName} here.`);
    if (seen.has(token.name)) throw new UsageError(`${token.rawName} was given twice.`);
    seen.add(token.name);
    if (!token.value || (!token.inlineValue && token.value.startsWith('--'))) throw new UsageError(`${token.rawName} needs a value.`);
  }
  const missing = needed.filter((name) => !seen.has(name));
  if (missing.length > 0) throw new UsageError(`Give ${missing.map((name) => `--${name}`).join(' and ')}.`);
  return values as Record<N, string> & Partial<Record<O, string>>;
}

export function readSlug(text: string): string {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(text) || text.length > 80)
    throw new UsageError('--slug must be lower-case words joined by hyphens, 80 characters at most.');
  return text;
}

/** One line of human text. */
export function readName(option: string, text: string): string {
  const name = text.isWellFormed() ? text.normalize('NFC').trim() : '';
  if (name === '' || name.length > 200 || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(name))
    throw new UsageError(`${option} must be one line of 1 to 200 characters.`);
  return name;
}

export function readScopes(text: string): Scope[] {
  const asked = text.split(',').map((part) => part.trim());
  const unknown = asked.find((part) => !scopes.some((scope) => scope === part));
  if (unknown !== undefined) throw new UsageError(`--scopes knows ${scopes.join(', ')}, separated by commas, and not "${unknown}".`);
  return scopes.filter((scope) => asked.includes(scope));
}

/** A date means its first instant in UTC; an instant with an offset is taken as it is. */
export function readExpiry(text: string, now: number): Date {
  const at = parseInstant(isLocalDate(text) ? `${text}T00:00:00Z` : text);
  if (at === null) throw new UsageError('--expires must be a date such as 2027-01-01, or an instant with an offset.');
  if (at <= now) throw new UsageError(`--expires must lie in the future; it is ${toWall(now, 'UTC').date} now.`);
  return new Date(at);
}

/** The id of a key, from the id or from the key itself (`pk_<id>_<secret>`), which is what somebody has who found one leaked. */
export function readKeyId(text: string): string {
  const hex = /^(?:pk_)?([0-9a-f]{32})(?:_[A-Za-z0-9_-]*)?$/.exec(
    text.toLowerCase().replace(/^([0-9a-f]{8})-(.{4})-(.{4})-(.{4})-(.{12})$/, '$1$2$3$4$5'),
  )?.[1];
  if (hex === undefined) throw new UsageError('--key must be the id of a key, as "key list" prints it.');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
