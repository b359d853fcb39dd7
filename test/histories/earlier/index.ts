/** The workflows as they were before version 3: what appointments that began then have run on. */
export { earlierLife as appointment } from '../../../workflows/earlier-life.ts';
export { housekeeping } from '../../../workflows/housekeeping.ts';
export { redelivery } from '../../../workflows/redelivery.ts';
