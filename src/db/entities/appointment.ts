import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { AppointmentStatus } from '../../domain/appointment.ts';
import type { Channel } from '../../domain/channel.ts';
import type { EntryKind } from '../../domain/change.ts';
import type { About, DeliveryKind, DeliveryState } from '../../domain/effects.ts';
import type { Outcome } from '../../domain/outcome.ts';
import type { BookingPolicy } from '../../domain/policy.ts';
import type { Chosen, Segment, Visit } from '../../domain/rules.ts';

/** Who a person is to a network: nothing but an identity, so that appointments survive the erasure of contacts. */
export const Customer = defineEntity({
  name: 'Customer',
  tableName: 'customer',
  properties: { id: p.uuid().primary(), networkId: p.uuid(), createdAt: p.datetime() },
});

/**
 * The only table that holds a customer's personal data, one row per booking with the id of the appointment: what was typed for that
 * booking. An unverified booking therefore cannot overwrite anything, and erasing or purging is one DELETE.
 */
export const Contact = defineEntity({
  name: 'Contact',
  tableName: 'contact',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    customerId: p.uuid(),
    name: p.string(),
    email: p.string().nullable(),
    phone: p.string().nullable(),
    timeZone: p.string(),
    locale: p.string(),
    createdAt: p.datetime(),
  },
});

/** What was asked under an Idempotency-Key, and what was decided. Exists before the workflow does; its id is the appointment's. */
export const BookingRequest = defineEntity({
  name: 'BookingRequest',
  tableName: 'booking_request',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    apiClientId: p.uuid(),
    fingerprint: p.string(),
    shopId: p.uuid(),
    serviceId: p.uuid(),
    barberId: p.uuid().nullable(),
    /** Of a visit of several services, what was asked; else service and barber say it. */
    wishes: p.json<Visit>().nullable(),
    entry: p.string().$type<EntryKind>(),
    addressHash: p.string().nullable(),
    startsAt: p.datetime(),
    customerId: p.uuid().nullable(),
    customerTimeZone: p.string(),
    createdAt: p.datetime(),
    toldPendingAt: p.datetime().nullable(),
    outcome: p.json<Outcome>().nullable(),
    decidedAt: p.datetime().nullable(),
  },
});

export const Appointment = defineEntity({
  name: 'Appointment',
  tableName: 'appointment',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    shopId: p.uuid(),
    serviceId: p.uuid(),
    barberId: p.uuid(),
    /** Null of a hold that nobody has confirmed yet. */
    customerId: p.uuid().nullable(),
    apiClientId: p.uuid(),
    status: p.string().$type<AppointmentStatus>(),
    /** How it came to be. */
    entry: p.string().$type<EntryKind>(),
    /** What it was booked under. */
    policy: p.json<Partial<BookingPolicy>>(),
    /** Until when a hold is to be confirmed, or a request to be approved. */
    decideBy: p.datetime().nullable(),
    endedAt: p.datetime().nullable(),
    endedBy: p.string().nullable(),
    endReason: p.string().nullable(),
    /** Cancelled after the cut-off: counts against the customer. */
    cancelledLate: p.boolean(),
    /** Since then it no longer counts. */
    forgivenAt: p.datetime().nullable(),
    attendanceConfirmedAt: p.datetime().nullable(),
    /** Since when the customer is asked to choose another time; a confirmed one is cancelled at `decideBy` if they do not. */
    choiceOfferedAt: p.datetime().nullable(),
    seriesId: p.uuid().nullable(),
    waitlistEntryId: p.uuid().nullable(),
    startsAt: p.datetime(),
    endsAt: p.datetime(),
    shopTimeZone: p.string(),
    customerTimeZone: p.string(),
    /**
     * The wall time in the shop's zone that was promised (`YYYY-MM-DDTHH:mm`), and its offset then: a later change of clock rules must not
     * break it.
     */
    promisedStart: p.string(),
    promisedOffsetMinutes: p.integer(),
    priceCents: p.integer(),
    currency: p.string(),
    createdAt: p.datetime(),
    version: p.integer().version(),
  },
});

/** One service of a visit; an appointment's own service, barber and start are those of its first part. */
export const AppointmentPart = defineEntity({
  name: 'AppointmentPart',
  tableName: 'appointment_part',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    appointmentId: p.uuid(),
    position: p.integer(),
    serviceId: p.uuid(),
    barberId: p.uuid(),
    startsAt: p.datetime(),
    endsAt: p.datetime(),
    priceCents: p.integer(),
    /** As they were booked: the catalogue may have changed since. */
    segments: p.json<Segment[]>(),
    chosen: p.json<Chosen>(),
  },
});

/** One busy stretch of a barber, buffers included; exists only while the time is claimed. `during` is PostgreSQL's `tstzrange` text. */
export const Occupancy = defineEntity({
  name: 'Occupancy',
  tableName: 'occupancy',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    barberId: p.uuid(),
    appointment: () => p.manyToOne(Appointment).mapToPk().joinColumn('appointment_id'),
    during: p.string().columnType('tstzrange'),
    /** Of an appointment's rows for one barber, the first carries the start of the barber's part: what a cap per day counts. */
    visitStartsAt: p.datetime().nullable(),
  },
});

/** Append-only: a trigger refuses UPDATE and DELETE. */
export const AppointmentEvent = defineEntity({
  name: 'AppointmentEvent',
  tableName: 'appointment_event',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    appointment: () => p.manyToOne(Appointment).mapToPk().joinColumn('appointment_id'),
    kind: p.string(),
    /** Who, and by which way they came. */
    actor: p.string(),
    source: p.string(),
    fromStatus: p.string().$type<AppointmentStatus>().nullable(),
    toStatus: p.string().$type<AppointmentStatus>().nullable(),
    /** What changed: ids, instants and words of closed lists. */
    details: p.json<Record<string, unknown>>(),
    version: p.integer(),
    happenedAt: p.datetime(),
  },
});

/** One effect for one appointment: what is to be sent to whom, when, until when it is of use, and how it stands. */
export const Delivery = defineEntity({
  name: 'Delivery',
  tableName: 'delivery',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    appointmentId: p.uuid(),
    kind: p.string().$type<DeliveryKind>(),
    /** Of a message to a barber: to whom. */
    barberId: p.uuid().nullable(),
    sequence: p.integer(),
    about: p.json<About>().nullable(),
    /** A later transition took it back while it was in flight: its next try is not made. */
    withdrawnAt: p.datetime().nullable(),
    state: p.string().$type<DeliveryState>(),
    dueAt: p.datetime(),
    usefulUntil: p.datetime(),
    attempts: p.integer(),
    firstTriedAt: p.datetime().nullable(),
    finishedAt: p.datetime().nullable(),
    providerId: p.string().nullable(),
    errorClass: p.string().nullable(),
    errorText: p.string().nullable(),
    /** Of a visit in a barber's calendar: in which one. */
    connectionId: p.uuid().nullable(),
    /** By which ways it may go, in this order, and by which it goes now, or went. */
    channels: p.array().columnType('text[]').$type<Channel[]>(),
    channel: p.string().$type<Channel>(),
    /** How often a person had it tried again. */
    retries: p.integer(),
    createdAt: p.datetime(),
  },
});

export type AppointmentRow = InferEntity<typeof Appointment>;
export type AppointmentPartRow = InferEntity<typeof AppointmentPart>;
