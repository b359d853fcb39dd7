/** The next change to summer and to winter time in a zone, found by asking Intl day by day. */

const day = 86_400_000;

/** Local times (`YYYY-MM-DDTHH:mm`) half an hour into the gap and into the repeated hour; for zones that change by an hour at 01:00 UTC. */
export function clockChanges(timeZone: string, from = Date.now()): { skipped: string; repeated: string } {
  const wallAt = (instant: number) => new Date(instant).toLocaleString('sv-SE', { timeZone }).replace(' ', 'T').slice(0, 16);
  const offset = (instant: number) => Date.parse(`${wallAt(instant)}Z`) - Math.floor(instant / 60_000) * 60_000;
  const midnight = Math.ceil(from / day) * day;
  const found = { skipped: '', repeated: '' };
  for (let at = midnight; at < midnight + 370 * day && !(found.skipped && found.repeated); at += day) {
    const change = offset(at + day) - offset(at);
    // Half past one in UTC, with the offset that no longer holds, or that both occurrences can be told by.
    if (change > 0) found.skipped ||= new Date(at + 3_600_000 + offset(at) + 1_800_000).toISOString().slice(0, 16);
    if (change < 0) found.repeated ||= wallAt(at + 3_600_000 + 1_800_000);
  }
  return found;
}
