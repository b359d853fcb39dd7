/** What Python reads and runs for the tests. The runner has prepared it (TEST_PYTHON), or has said why it is missing. */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import type { Context } from 'mocha';

/** The program; where there is no Python, the tests of this suite are left out, as the runner has said. */
export function needPython(suite: Context): string {
  const program = process.env.TEST_PYTHON;
  if (!program) return suite.skip();
  return program;
}

/**
 * What `icalendar` finds in an invitation. Instants are ISO text in UTC; `startByFile` goes by the VTIMEZONE in the text, `start` by the
 * zone's name.
 */
export type SaidByPython = Record<
  | 'method'
  | 'uid'
  | 'status'
  | 'summary'
  | 'location'
  | 'description'
  | 'organizer'
  | 'attendee'
  | 'attendeeName'
  | 'stampedAt'
  | 'start'
  | 'end'
  | 'startByFile',
  string
> & { sequence: number };

/** What `icalendar` finds in a feed; what is missing is empty. */
export type FeedSaidByPython = {
  name: string;
  method: string;
  refreshSeconds: number;
  zones: string[];
  events: (Record<
    'uid' | 'status' | 'summary' | 'location' | 'description' | 'url' | 'stampedAt' | 'start' | 'end' | 'startByFile',
    string
  > & { sequence: number; people: number })[];
};

/** Has `icalendar` read texts, all in one process. Whatever it finds wrong is thrown. */
export const readByPython = (program: string, texts: string[]): Promise<SaidByPython[]> => run(program, 'read_invitations.py', texts);
export const readFeedsByPython = (program: string, texts: string[]): Promise<FeedSaidByPython[]> => run(program, 'read_feeds.py', texts);

/** The starts that `dateutil` finds for rules up to a time, as wall times; rules and times as in RFC 5545. */
export const countByPython = (program: string, rules: { rule: string; start: string; until: string }[]): Promise<string[][]> =>
  run(program, 'count_rules.py', rules);

function run<Said>(program: string, script: string, texts: unknown[]): Promise<Said[]> {
  return new Promise((done, fail) => {
    // Compiled files have no place beside the tests.
    const options = { maxBuffer: 64 * 1024 * 1024, env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } };
    const reader = execFile(program, [resolve(import.meta.dirname, script)], options, (error, out, complaint) => {
      if (error) fail(new Error(complaint.trim().split('\n').at(-1) ?? error.message));
      else done(JSON.parse(out) as Said[]);
    });
    reader.stdin!.end(JSON.stringify(texts));
  });
}
