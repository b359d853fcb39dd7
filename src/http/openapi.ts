/** OpenAPI 3.1 from the very schemas that validate. */
import { z } from 'zod';
import { problems, type ProblemCode } from '../errors.ts';
import { keptKeyHeader, keptProblems } from './kept-answer.ts';
import { problemCodes } from './problem.ts';
import { isKept, type Route } from './route.ts';

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: problemCodes },
    detail: { type: 'string' },
    instance: { type: 'string' },
    faults: {
      type: 'array',
      items: { type: 'object', required: ['path', 'message'], properties: { path: { type: 'string' }, message: { type: 'string' } } },
    },
    nearest: {
      type: 'array',
      items: { $ref: '#/components/schemas/FreeSlot' },
      description: 'Of a refusal: the free times nearest to the one that was asked for.',
    },
    instants: { type: 'array', items: { type: 'string', format: 'date-time' }, description: 'Of a local time that happens twice: both.' },
    current: { description: 'Of a failed precondition: the record as it is.' },
  },
};

/** Problems that any route may answer with. */
const common: ProblemCode[] = ['invalid_request', 'unauthenticated', 'forbidden', 'rate_limited', 'database_unavailable', 'internal'];

/** Some texts are checked by functions that JSON Schema cannot say; their declared metadata stands for them. */
const json = (schema: z.ZodType, io: 'input' | 'output') => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    target: 'draft-2020-12',
    reused: 'inline',
  }) as Record<string, unknown>;
  return rest;
};

function parameters(declared: Route) {
  const from = (schema: z.ZodType | undefined, place: 'path' | 'query') => {
    const object = (schema ? json(schema, 'input') : {}) as { properties?: Record<string, unknown>; required?: string[] };
    return Object.entries(object.properties ?? {}).map(([name, property]) => ({
      name,
      in: place,
      required: place === 'path' || (object.required ?? []).includes(name),
      schema: property,
    }));
  };
  const headers = Object.entries({ ...(isKept(declared) && keptKeyHeader), ...declared.headers }).map(
    ([name, { required, description }]) => ({ name, in: 'header', required, description, schema: { type: 'string' } }),
  );
  return [...from(declared.params, 'path'), ...from(declared.query, 'query'), ...headers];
}

function responses(declared: Route) {
  const found: Record<string, unknown> = {};
  for (const [status, { description, body, headers }] of Object.entries(declared.answers)) {
    found[status] = {
      description,
      ...(headers && {
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, text]) => [name, { description: text, schema: { type: 'string' } }]),
        ),
      }),
      ...(body && { content: { 'application/json': { schema: json(body, 'output') } } }),
    };
  }
  const codes = [
    ...new Set([
      ...declared.problems,
      ...common,
      ...(isKept(declared) ? keptProblems : []),
      ...(declared.body ? (['malformed_json', 'body_too_large', 'unsupported_media_type'] as const) : []),
    ]),
  ];
  for (const status of new Set(codes.map((code) => problems[code].status))) {
    const here = codes.filter((code) => problems[code].status === status);
    found[status] = {
      description: here.map((code) => `\`${code}\`: ${problems[code].title}`).join('\n\n'),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
  return found;
}

/** JSON Schema keeps its named parts beside each use, in `$defs`; OpenAPI keeps them once, among the components. */
function hoist(paths: unknown, schemas: Record<string, unknown>): unknown {
  return JSON.parse(JSON.stringify(paths), (key, value: unknown) => {
    if (key === '$ref') return String(value).replace('#/$defs/', '#/components/schemas/');
    if (key !== '$defs') return value;
    Object.assign(schemas, value);
    return undefined;
  });
}

/** The document of all routes; paths in OpenAPI's `{id}` form. */
export function openApiDocument(routes: Route[]) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const declared of routes) {
    const path = declared.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = {
      ...paths[path],
      [declared.method]: {
        operationId: `${declared.method}${path
          .replace('/v1', '')
          .replaceAll(/[/{}-]+(\w?)/g, (_match, letter: string) => letter.toUpperCase())}`,
        tags: [declared.tag],
        summary: declared.summary,
        ...(declared.description && { description: declared.description }),
        security: [{ apiKey: [] }],
        'x-scope': declared.scope,
        parameters: parameters(declared),
        ...(declared.body && {
          requestBody: { required: true, content: { 'application/json': { schema: json(declared.body, 'input') } } },
        }),
        responses: responses(declared),
      },
    };
  }
  const schemas: Record<string, unknown> = { Problem: problemSchema };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Punctual',
      version: '1',
      license: { name: 'MIT', identifier: 'MIT' },
      description:
        'Booking for networks of shops. Errors are RFC 9457 problem documents with a closed list of codes. ' +
        'Times come as instants in UTC and as wall-clock times with their zones named.',
    },
    servers: [{ url: '/' }],
    paths: hoist(paths, schemas),
    components: {
      schemas,
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'An API key of the form pk_….' } },
    },
  };
}
