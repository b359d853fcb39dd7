/** The OData query options that event requests use. Source: https://learn.microsoft.com/en-us/graph/query-parameters */
import { parseInstant } from '../../domain/time.ts';
import { isJson, one, text, type Call } from './answer.ts';
import { refuse } from './graph-errors.ts';
import { propertiesOf } from './graph-event.ts';
import type { Json } from './state.ts';

/** Of a resource and the body that it is shown of. */
type Test = (resource: Json, body: Json) => boolean;

const literal = String.raw`'((?:[^']|'')*)'|(true|false|null)|([\d.:TZ+-]+)`;
const comparison = new RegExp(String.raw`^([A-Za-z]+(?:\/[A-Za-z]+)*) (eq|ne|ge|gt|le|lt) (?:${literal})$`);
const prefix = /^startswith\(([A-Za-z]+),\s*'((?:[^']|'')*)'\)$/i;
const extended = /^singleValueExtendedProperties\/any\((\w+):\s*\1\/id eq '((?:[^']|'')*)' and \1\/value eq '((?:[^']|'')*)'\)$/i;
const plain = (quoted: string): string => quoted.replaceAll("''", "'");

/** Conditions joined by `and`; anything else is refused. What Graph cannot filter by (a transactionId) is refused as well. */
export function filterOf(call: Call): Test {
  const given = one(call, '$filter');
  if (given === undefined) return () => true;
  const tests = splitAnd(given).map(testOf);
  return (resource, body) => tests.every((test) => test(resource, body));
}

function splitAnd(text: string): string[] {
  const parts: string[] = [];
  let [depth, quoted, from] = [0, false, 0];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "'") quoted = !quoted;
    if (quoted) continue;
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
    if (depth !== 0 || !/^ and /i.test(text.slice(at, at + 5))) continue;
    parts.push(text.slice(from, at).trim());
    from = at + 5;
  }
  return [...parts, text.slice(from).trim()];
}

function testOf(condition: string): Test {
  const ofProperty = extended.exec(condition);
  if (ofProperty) {
    const [id, value] = [plain(ofProperty[2]!), plain(ofProperty[3]!)];
    return (_resource, body) => propertiesOf(body).some((one) => sameId(one.id, id) && one.value === value);
  }
  const starts = prefix.exec(condition);
  if (starts) return (resource) => (text(resource[starts[1]!]) ?? '').toLowerCase().startsWith(plain(starts[2]!).toLowerCase());
  const match = comparison.exec(condition);
  if (!match || match[1] === 'transactionId') return refuse('ErrorInvalidUrlQueryFilter', `Invalid filter clause: ${condition}`);
  const [, path = '', operator = '', string, word, bare] = match;
  const wanted = string === undefined ? (word ?? bare ?? '') : plain(string);
  return (resource) => {
    const found = path.split('/').reduce<unknown>((value, name) => (isJson(value) ? value[name] : undefined), resource);
    return compare(text(found) ?? JSON.stringify(found ?? null), wanted, operator);
  };
}

/** Ids of extended properties are compared without regard to case: Graph itself gives their GUID back in another case. */
export const sameId = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

function compare(found: string, wanted: string, operator: string): boolean {
  const [a, b] = [timeOf(found), timeOf(wanted)];
  const order = a !== null && b !== null ? a - b : found.localeCompare(wanted);
  return { eq: order === 0, ne: order !== 0, ge: order >= 0, gt: order > 0, le: order <= 0, lt: order < 0 }[operator] ?? false;
}

const timeOf = (text: string): number | null =>
  parseInstant(text.replace(/(\.\d{1,9})\d*/, '$1')) ?? parseInstant(`${text.replace(/\.\d+$/, '')}Z`);

/** The fields of `$select`, with the extended properties of `$expand` where it names them: those with one of its ids. */
export function project(call: Call, resource: Json, body: Json): Json {
  const names = one(call, '$select')
    ?.split(',')
    .map((name) => name.trim());
  const shown = names
    ? Object.fromEntries(Object.entries(resource).filter(([name]) => name === 'id' || name === '@odata.etag' || names.includes(name)))
    : resource;
  const expand = one(call, '$expand');
  if (expand === undefined) return shown;
  const ids = [
    ...(/^singleValueExtendedProperties\(\$filter=(.*)\)$/i.exec(expand) ??
      refuse('ErrorInvalidUrlQuery', 'Expanding extended properties needs a filter by their ids.'))[1]!.matchAll(/id eq '((?:[^']|'')*)'/g),
  ].map(([, id]) => plain(id!));
  const found = propertiesOf(body).filter(({ id }) => ids.some((wanted) => sameId(id, wanted)));
  return found.length > 0 ? { ...shown, singleValueExtendedProperties: found } : shown;
}

/** `$top` up to 1000; a page has 10 events when nothing is said. */
export function sizeOf(call: Call, preferred: number | null): number {
  const top = one(call, '$top');
  if (top === undefined) return preferred ?? 10;
  const size = Number(top);
  return Number.isInteger(size) && size >= 1 && size <= 1000
    ? size
    : refuse(
        'ErrorInvalidUrlQuery',
        `Invalid value '${top}' for $top query option found. The $top query option requires an integer from 1 to 1000.`,
      );
}
