/** What a shop is told about its own messages. Pure. */
import type { MessageChannel } from './channel.ts';
import { escapeHtml as escape } from './html.ts';

export type Notice = { name: string; locale: string; channel: MessageChannel; count: number };

const texts = {
  en: {
    way: { mail: 'E-mails', sms: 'SMS' },
    subject: (way: string) => `${way} to your customers are not going out`,
    body: (way: string, count: number) =>
      `${way} to your customers are not going out: the provider does not accept our sign-in. ${count === 1 ? 'One message waits' : `${count} messages wait`}. ` +
      'They go out by themselves as soon as the sign-in works again; those whose time has passed by then are dropped. Please tell whoever runs Punctual for you.',
  },
  pt: {
    way: { mail: 'Os e-mails', sms: 'As SMS' },
    subject: (way: string) => `${way} para os seus clientes não estão a sair`,
    body: (way: string, count: number) =>
      `${way} para os seus clientes não estão a sair: o fornecedor não aceita o nosso acesso. ${count === 1 ? 'Há uma mensagem à espera' : `Há ${count} mensagens à espera`}. ` +
      'Saem por si logo que o acesso volte a funcionar; as que então já não servirem são descartadas. Por favor avise quem gere o Punctual.',
  },
} as const;

/** One way of sending has stopped, because its provider wants a new sign-in. */
export function renderNotice({ name, locale, channel, count }: Notice): { subject: string; text: string; html: string } {
  const { way, subject, body } = texts[locale.toLowerCase().startsWith('pt') ? 'pt' : 'en'];
  const text = body(way[channel], count);
  return { subject: subject(way[channel]), text: `${text}\n\n${name}\n`, html: `<p>${escape(text)}</p><p>${escape(name)}</p>` };
}
