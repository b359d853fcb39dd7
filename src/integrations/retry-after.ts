/** RFC 9110, 10.2.3: seconds, or a date (`now` is epoch milliseconds). Null for what is neither. */
export function readRetryAfter(value: string | null, now: number): number | null {
  if (value === null) return null;
  if (/^\d+$/.test(value.trim())) return Number(value);
  // All forms of dates begin with the day's name; others ("-1") are dates to JavaScript alone.
  const at = /^\s*[A-Z]/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now) / 1000));
}
