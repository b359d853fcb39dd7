/** CPU time of processes and all they started, from Linux's /proc (proc(5)); elsewhere unknown. */
import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts in ticks of 1/100 s wherever Node runs (getconf CLK_TCK). */
const tickMs = 10;

type Stat = { parent: number; ms: number };

function readStat(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything, so fields are counted from behind it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number);
    return { parent: Number(fields[1]), ms: (utime! + stime! + cutime! + cstime!) * tickMs };
  } catch {
    return null;
  }
}

/** Milliseconds of CPU used so far by each tree of processes, by its name; a child that has ended counts with its parent. */
export function cpuOf(roots: Record<string, number>): Record<string, number> {
  const used = Object.fromEntries(Object.keys(roots).map((name) => [name, 0]));
  const stats = new Map<number, Stat>();
  for (const entry of readdirSync('/proc')) {
    const stat = /^\d+$/.test(entry) ? readStat(Number(entry)) : null;
    if (stat) stats.set(Number(entry), stat);
  }
  for (const [pid, stat] of stats) {
    for (let at: number | undefined = pid; at; at = stats.get(at)?.parent) {
      const owner = Object.entries(roots).find(([, root]) => root === at);
      if (!owner) continue;
      used[owner[0]]! += stat.ms;
      break;
    }
  }
  return used;
}
