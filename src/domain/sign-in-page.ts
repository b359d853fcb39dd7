/** What the owner of a calendar is told when its sign-in has died, and the page on which he signs in again. Pure. */
import type { CalendarProvider } from './channel.ts';
import { escapeHtml as escape } from './html.ts';
import { pageDocument } from './page-document.ts';

/** A calendar whose provider takes our sign-in no more. `url` leads to the page. */
export type SignedOut = { barberName: string; account: string; calendarName: string; waiting: number; url: string; locale: string };

const texts = {
  en: {
    locale: 'en-GB',
    subject: (calendar: string) => `Your calendar needs a new sign-in: ${calendar}`,
    body: (barber: string, calendar: string, account: string, waiting: number) =>
      `${barber}: the calendar ${calendar} (${account}) no longer accepts the sign-in that Punctual has. ` +
      `${waiting === 1 ? 'One entry waits' : `${waiting} entries wait`} to be written there, and what is entered there is no longer seen here. As soon as you have signed in again, all of that is made up for by itself.`,
    link: 'Sign in again',
    heading: 'Sign in to your calendar again',
    password: 'App password',
    button: 'Sign in',
    account: 'Account',
    calendar: 'Calendar',
    barber: 'For',
    notMine: (provider: string) =>
      `If that is not you, take the access back in your account at ${provider}: whoever sent you here sees when you are busy.`,
    done: 'You are signed in again. What waited is on its way.',
    refused: "The calendar's server does not accept that password.",
    away: "The calendar's server does not answer now. Please try again in a while.",
    dead: 'This link no longer works',
    deadMore: 'You have signed in since, or the calendar is no longer connected.',
    connect: 'Connect your calendar',
    goOn: (provider: string) => `Go on to ${provider}`,
    goOnMore:
      'You sign in there, and come back here. Your visits will appear in your calendar, and what you enter there keeps you busy here.',
    cameBack: {
      connected: 'Your calendar is connected. Your visits appear in it from now on.',
      refused: 'You have not allowed it, so nothing was connected.',
      other: 'That account does not have the calendar that was to be connected.',
      away: 'That could not be finished now. Please try again in a while.',
      dead: 'This sign-in is too old, was used before, or was begun in another browser. Please begin again.',
    },
  },
  pt: {
    locale: 'pt-PT',
    subject: (calendar: string) => `O seu calendário precisa de um novo acesso: ${calendar}`,
    body: (barber: string, calendar: string, account: string, waiting: number) =>
      `${barber}: o calendário ${calendar} (${account}) já não aceita o acesso que o Punctual tem. ` +
      `${waiting === 1 ? 'Há uma entrada à espera' : `Há ${waiting} entradas à espera`} de ser escrita, e o que lá marca deixou de ser visto aqui. Assim que voltar a entrar, tudo isso é recuperado por si.`,
    link: 'Entrar de novo',
    heading: 'Entrar de novo no seu calendário',
    password: 'Palavra-passe de aplicação',
    button: 'Entrar',
    account: 'Conta',
    calendar: 'Calendário',
    barber: 'Para',
    notMine: (provider: string) =>
      `Se não é você, retire o acesso na sua conta da ${provider}: quem o enviou para aqui vê quando está ocupado.`,
    done: 'Já está ligado de novo. O que esperava está a caminho.',
    refused: 'O servidor do calendário não aceita essa palavra-passe.',
    away: 'O servidor do calendário não responde agora. Tente de novo daqui a pouco.',
    dead: 'Esta ligação já não funciona',
    deadMore: 'Entretanto voltou a entrar, ou o calendário deixou de estar ligado.',
    connect: 'Ligar o seu calendário',
    goOn: (provider: string) => `Continuar para a ${provider}`,
    goOnMore: 'Entra lá, e volta aqui. As suas marcações aparecem no seu calendário, e o que lá marcar deixa-o ocupado aqui.',
    cameBack: {
      connected: 'O seu calendário está ligado. As suas marcações passam a aparecer nele.',
      refused: 'Não o permitiu, por isso nada foi ligado.',
      other: 'Essa conta não tem o calendário que devia ser ligado.',
      away: 'Não foi possível terminar agora. Tente de novo daqui a pouco.',
      dead: 'Este acesso é demasiado antigo, já foi usado, ou foi começado noutro navegador. Comece de novo.',
    },
  },
} as const;

const textsOf = (locale: string) => texts[locale.toLowerCase().startsWith('pt') ? 'pt' : 'en'];

/** The mail to the barber, and to his shops. */
export function renderSignedOut({ barberName, account, calendarName, waiting, url, locale }: SignedOut): {
  subject: string;
  text: string;
  html: string;
} {
  const { subject, body, link } = textsOf(locale);
  const name = calendarName || account;
  const said = body(barberName, name, account, waiting);
  return {
    subject: subject(name),
    text: `${said}\n\n${link}: ${url}\n`,
    html: `<p>${escape(said)}</p><p><a href="${escape(url)}">${escape(link)}</a></p>`,
  };
}

export type SignInPage = {
  account: string;
  calendarName: string;
  locale: string;
  provider: CalendarProvider;
  told?: 'done' | 'refused' | 'away';
};

export function renderSignInPage({ account, calendarName, locale, provider, told }: SignInPage): string {
  const say = textsOf(locale);
  if (told === 'done') return pageDocument(say.locale, say.heading, `<h1>${escape(say.done)}</h1>`);
  const facts =
    `<dl>\n<dt>${say.account}</dt><dd>${escape(account)}</dd>\n` +
    `${calendarName ? `<dt>${say.calendar}</dt><dd>${escape(calendarName)}</dd>\n` : ''}</dl>`;
  const form =
    provider !== 'caldav'
      ? `<form method="post"><button type="submit">${say.button}</button></form>`
      : `<form method="post"><p><label>${say.password} ` +
        `<input type="password" name="password" autocomplete="off" maxlength="200" required></label></p>` +
        `<button type="submit">${say.button}</button></form>`;
  return pageDocument(
    say.locale,
    say.heading,
    [`<h1>${say.heading}</h1>`, told ? `<p class="no" role="alert">${say[told]}</p>` : '', facts, form].filter(Boolean).join('\n'),
  );
}

export function renderDeadSignIn(locale: string): string {
  const say = textsOf(locale);
  return pageDocument(say.locale, say.dead, `<h1>${say.dead}</h1>\n<p>${say.deadMore}</p>`);
}

/**
 * Whose calendar is to be connected: said before the provider's pages, which name us alone. A link, since no form of ours may lead
 * elsewhere.
 */
export function renderContinue(
  { provider, barberName, networkName, locale }: { provider: CalendarProvider; barberName: string; networkName: string; locale: string },
  url: string,
): string {
  const say = textsOf(locale);
  return pageDocument(
    say.locale,
    say.connect,
    [
      `<h1>${say.connect}</h1>`,
      `<dl>\n<dt>${say.barber}</dt><dd>${escape(`${barberName}, ${networkName}`)}</dd>\n</dl>`,
      `<p>${say.goOnMore}</p>`,
      `<p><a href="${escape(url)}">${say.goOn(providerName(provider))}</a></p>`,
    ].join('\n'),
  );
}

export type CameBack = keyof (typeof texts)['en']['cameBack'];

/** What was connected, and for whom. */
export type JustConnected = { provider: CalendarProvider; account: string; calendarName: string; barberName: string; networkName: string };

/**
 * What a person is told who comes back from the provider: also for whom he has allowed it, as the provider's page names us alone, and
 * anybody can have sent him there.
 */
export function renderCameBack(told: CameBack, locale: string, connected: JustConnected | null): string {
  const say = textsOf(locale);
  const title = say.cameBack[told];
  if (!connected) return pageDocument(say.locale, title, `<h1>${title}</h1>`);
  const { provider, account, calendarName, barberName, networkName } = connected;
  const facts = [
    [say.barber, `${barberName}, ${networkName}`],
    [say.account, account],
    [say.calendar, calendarName],
  ].map(([name = '', value = '']) => `<dt>${name}</dt><dd>${escape(value)}</dd>`);
  return pageDocument(
    say.locale,
    title,
    `<h1>${title}</h1>\n<dl>\n${facts.join('\n')}\n</dl>\n<p>${say.notMine(providerName(provider))}</p>`,
  );
}

const providerName = (provider: CalendarProvider): string => (provider === 'graph' ? 'Microsoft' : 'Google');
