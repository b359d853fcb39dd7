/**
 * The sandbox asks for no password, so only this machine's own programs and its own pages may use it: not a name that a stranger's page has
 * made to mean us, and no form or script of another site. (Its pages send no referrer, for which browsers give their forms the origin
 * `null`.)
 */
import type { RequestHandler } from 'express';

export const guard: RequestHandler = (request, response, next) => {
  const local = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(request.headers.host ?? '');
  const site = request.get('Sec-Fetch-Site');
  const origin = request.get('Origin') ?? 'null';
  const reads = request.method === 'GET' || request.method === 'HEAD';
  const own =
    site === undefined ? origin === 'null' || URL.parse(origin)?.host === request.headers.host : ['same-origin', 'none'].includes(site);
  if (local && (own || reads)) next();
  else response.status(403).end();
};
