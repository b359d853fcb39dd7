export { appointment } from './appointment.ts';
export { housekeeping } from './housekeeping.ts';
export { redelivery } from './redelivery.ts';
export { waitlist } from './waitlist.ts';
