export { appointment } from './appointment.ts';
export { calendarKeeper, calendarMirror } from './calendar-mirror.ts';
export { handover } from './handover.ts';
export { housekeeping } from './housekeeping.ts';
export { overdue } from './overdue.ts';
export { redelivery } from './redelivery.ts';
export { relocation } from './relocation.ts';
export { waitlist } from './waitlist.ts';
