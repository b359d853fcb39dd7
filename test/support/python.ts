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

/** What `icalendar` finds in an invitation. Instants are ISO text in UTC; `startByFile` goes by the VTIMEZONE in the text, `start` by the zone's name. */
export type SaidByPython = Record<'method' | 'uid' | 'status' | 'summary' | 'location' | 'description' | 'organizer' | 'attendee' | 'attendeeName' | 'stampedAt' | 'start' | 'end' | 'startByFile', string> & { sequence: number };

/** Has `icalendar` read texts, all in one process. Whatever it finds wrong is thrown. */
export function readByPython(program: string, texts: string[]): Promise<SaidByPython[]> {
  return new Promise((done, fail) => {
    const reader = execFile(program, [resolve(import.meta.dirname, 'read_invitations.py')], { maxBuffer: 64 * 1024 * 1024 }, (error, out, complaint) => {
      if (error) fail(new Error(complaint.trim().split('\n').at(-1) ?? error.message));
      else done(JSON.parse(out) as SaidByPython[]);
    });
    reader.stdin!.end(JSON.stringify(texts));
  });
}
