/** Deliberately broken: zone data would enter the workflow. */
import { toUtc, toWall } from '../../../src/domain/time.ts';

export async function appointment(): Promise<string> {
  return `${toUtc(Date.now())} ${toWall(Date.now(), 'Europe/Lisbon').iso}`;
}
