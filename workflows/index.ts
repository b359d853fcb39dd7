export { appointment } from './appointment.ts';
export { housekeeping } from './housekeeping.ts';
