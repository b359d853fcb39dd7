/** What a shop is told about its own messages. Pure. */
import type { MessageChannel } from './channel.ts';
import { escapeHtml as escape } from './html.ts';

/** `count` messages wait for the sign-in, `otherwise` went by another way. */
export type Notice = { name: string; locale: string; channel: MessageChannel; count: number; otherwise: number };

const texts = {
  en: {
    way: { mail: 'E-mails', sms: 'SMS' },
    subject: (way: string) => `${way} to your customers are not going out`,
    refused: 'The provider does not accept our sign-in.',
    waiting: (count: number) =>
      `${count === 1 ? 'One message waits' : `${count} messages wait`}: they go out by themselves as soon as the sign-in works again, those whose time has passed by then are dropped.`,
    otherwise: (count: number) => `${count === 1 ? 'One message' : `${count} messages`} went by another way instead.`,
    ask: 'Please tell whoever runs Punctual for you.',
  },
  pt: {
    way: { mail: 'Os e-mails', sms: 'As SMS' },
    subject: (way: string) => `${way} para os seus clientes não estão a sair`,
    refused: 'O fornecedor não aceita o nosso acesso.',
    waiting: (count: number) =>
      `${count === 1 ? 'Há uma mensagem à espera' : `Há ${count} mensagens à espera`}: saem por si logo que o acesso volte a funcionar, as que então já não servirem são descartadas.`,
    otherwise: (count: number) => `${count === 1 ? 'Uma mensagem seguiu' : `${count} mensagens seguiram`} por outra via.`,
    ask: 'Por favor avise quem gere o Punctual.',
  },
} as const;

/** One way of sending has stopped, because its provider wants a new sign-in. Of the mail itself, the shop is told by SMS. */
export function renderNotice({ name, locale, channel, count, otherwise }: Notice): {
  subject: string;
  text: string;
  html: string;
  sms: string;
} {
  const say = texts[locale.toLowerCase().startsWith('pt') ? 'pt' : 'en'];
  const subject = say.subject(say.way[channel]);
  const paragraphs = [
    `${subject}. ${say.refused}`,
    ...(count > 0 ? [say.waiting(count)] : []),
    ...(otherwise > 0 ? [say.otherwise(otherwise)] : []),
    say.ask,
  ];
  return {
    subject,
    text: `${paragraphs.join('\n\n')}\n\n${name}\n`,
    html: [...paragraphs, name].map((each) => `<p>${escape(each)}</p>`).join('\n'),
    sms: `${name}: ${subject}. ${say.refused} ${say.ask}`,
  };
}
