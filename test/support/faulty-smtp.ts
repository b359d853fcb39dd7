/** A line to the mail server that breaks where it is told to: for the mails whose text holds a word, in the order of the script. */
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * Where: before the text, in the middle of it, or after the server has taken it and before its answer arrives. How: cut, or held without a
 * word.
 */
export type SmtpFault = { at: 'before' | 'during' | 'after'; how: 'cut' | 'silent' };

/**
 * Stands before the server on `port`. Only mails with `word` in them meet the faults, one each: what `choose` says, else the next of
 * `script`; `met` counts them.
 */
export async function startFaultySmtp(
  port: number,
  word: string,
  choose: () => SmtpFault | null = () => null,
): Promise<{ url: string; script: SmtpFault[]; met: () => number; stop: () => void }> {
  const script: SmtpFault[] = [];
  const sockets = new Set<Socket>();
  let met = 0;

  const server = createServer((client) => {
    const upstream = createConnection({ host: '127.0.0.1', port });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
    }
    // What the client says is passed on mail by mail, so that it can be cut inside one.
    let text: string | null = null;
    let swallow = false;
    const meet = (how: SmtpFault['how']): void => {
      met += 1;
      if (how === 'cut') client.destroy();
    };
    client.on('data', (chunk: Buffer) => {
      const said = chunk.toString('latin1');
      if (text === null && !/^DATA\r\n/im.test(said)) return void upstream.write(chunk);
      if (text === null) {
        text = '';
        return void upstream.write(chunk);
      }
      text += said;
      if (!text.endsWith('\r\n.\r\n')) return;
      const whole = text;
      text = null;
      const fault = whole.includes(word) ? (choose() ?? script.shift()) : undefined;
      if (!fault) return void upstream.write(whole, 'latin1');
      if (fault.at === 'before') return meet(fault.how);
      if (fault.at === 'during') {
        upstream.write(whole.slice(0, whole.length / 2), 'latin1');
        return meet(fault.how);
      }
      swallow = true;
      upstream.write(whole, 'latin1');
      upstream.once('data', () => meet(fault.how));
    });
    upstream.on('data', (chunk: Buffer) => {
      if (!swallow) client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    script,
    met: () => met,
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
