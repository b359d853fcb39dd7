import { Migration } from '@mikro-orm/migrations';

/**
 * The whole life of an appointment: holds, approval, the visit, policies, links, the waitlist, series, relocations, and answers that are
 * kept.
 */
export class Migration003Life extends Migration {
  override up(): void {
    // A hold is an appointment of nobody yet; whoever confirms it becomes its customer.
    this.addSql(`alter table appointment drop constraint status_is_legal,
      add constraint status_is_legal check (status in (
        'held', 'pending_approval', 'confirmed', 'checked_in', 'started', 'completed', 'cancelled', 'no_show', 'expired', 'refused')),
      alter column customer_id drop not null,
      add constraint only_a_hold_has_no_customer check (customer_id is not null or status in ('held', 'expired', 'cancelled')),
      add column entry text not null default 'book',
      add column policy jsonb not null default '{}',
      add column decide_by timestamptz,
      add constraint what_waits_has_a_limit check (decide_by is not null or status not in ('held', 'pending_approval')),
      add column ended_at timestamptz,
      add column ended_by text,
      add column end_reason text,
      add column cancelled_late boolean not null default false,
      add column forgiven_at timestamptz,
      add column attendance_confirmed_at timestamptz,
      add column choice_offered_at timestamptz,
      add column series_id uuid,
      add column waitlist_entry_id uuid`);
    this.addSql(`drop index appointment_by_customer`);
    this.addSql(`create index appointment_by_customer on appointment (customer_id, starts_at)`);
    this.addSql(
      `create index appointment_by_deadline on appointment (coalesce(decide_by, ends_at))
       where status in ('held', 'pending_approval', 'confirmed', 'checked_in', 'started')`,
    );
    this.addSql(`create index appointment_by_series on appointment (series_id, starts_at) where series_id is not null`);

    this.addSql(`alter table appointment_event
      add column from_status text,
      add column to_status text,
      add column source text not null default 'api',
      add column details jsonb not null default '{}'`);

    // Who comes in from the street need not leave an address.
    this.addSql(`alter table contact alter column email drop not null`);

    // From where a booking came, as a keyed hash: enough to count, worth nothing to a thief.
    this.addSql(`alter table booking_request add column entry text not null default 'book', add column address_hash text`);
    this.addSql(`create index booking_request_by_address on booking_request (address_hash, created_at) where address_hash is not null`);

    // What a message tells of that is no longer in the appointment's row: where a visit was before it moved, say.
    this.addSql(`alter table delivery add column about jsonb, add column withdrawn_at timestamptz`);

    // Only the hash of a link's token is kept. How long it lives follows from the appointment, which may move.
    this.addSql(`create table self_service_link (
      token_hash text primary key,
      network_id uuid not null,
      appointment_id uuid not null references appointment,
      purpose text not null,
      revoked_at timestamptz,
      created_at timestamptz not null default now(),
      constraint purpose_is_known check (purpose in ('view', 'confirm_attendance', 'reschedule', 'cancel', 'accept_offer', 'decline_offer'))
    )`);
    this.addSql(`create index self_service_link_by_appointment on self_service_link (appointment_id)`);

    this.addSql(`create table waitlist_entry (
      id uuid primary key,
      network_id uuid not null,
      shop_id uuid not null,
      service_id uuid not null,
      barber_id uuid,
      customer_id uuid,
      api_client_id uuid not null,
      from_date date not null,
      to_date date not null,
      from_minute integer not null default 0,
      to_minute integer not null default 1440,
      status text not null default 'waiting',
      appointment_id uuid,
      created_at timestamptz not null default clock_timestamp(),
      ended_at timestamptz,
      version integer not null default 1,
      seen text,
      address_hash text,
      constraint who_waits_is_known check (customer_id is not null or status in ('withdrawn', 'expired')),
      foreign key (network_id, shop_id) references shop (network_id, id),
      foreign key (network_id, service_id) references service (network_id, id),
      foreign key (network_id, barber_id) references barber (network_id, id),
      foreign key (network_id, customer_id) references customer (network_id, id),
      constraint entry_status_is_legal check (status in ('waiting', 'offered', 'booked', 'withdrawn', 'expired')),
      constraint an_offer_has_an_appointment check (status not in ('offered', 'booked') or appointment_id is not null),
      constraint entry_ends_after_it_begins check (to_date >= from_date and to_minute > from_minute)
    )`);
    this.addSql(`create index waitlist_by_shop on waitlist_entry (shop_id, created_at, id) where status = 'waiting'`);
    this.addSql(`create index waitlist_by_client on waitlist_entry (api_client_id, created_at)`);
    this.addSql(`create index waitlist_by_address on waitlist_entry (address_hash, created_at) where address_hash is not null`);
    this.addSql(`create index waitlist_by_customer on waitlist_entry (customer_id) where status in ('waiting', 'offered')`);
    // The order of offers can be audited: who was offered what, when, and what became of it.
    this.addSql(`create table waitlist_offer (
      appointment_id uuid primary key,
      network_id uuid not null,
      entry_id uuid not null references waitlist_entry,
      barber_id uuid not null,
      starts_at timestamptz not null,
      cause text not null,
      offered_at timestamptz not null default now(),
      answer text,
      answered_at timestamptz,
      constraint answer_is_known check (answer in ('accepted', 'declined', 'expired'))
    )`);
    this.addSql(`create index waitlist_offer_by_entry on waitlist_offer (entry_id)`);
    this.addSql(`create index waitlist_offer_by_cause on waitlist_offer (cause)`);

    this.addSql(`create table series (
      id uuid primary key,
      network_id uuid not null,
      api_client_id uuid not null,
      shop_id uuid not null,
      fingerprint text not null,
      every_weeks integer not null,
      visits jsonb not null,
      cancelled_from timestamptz,
      answer text,
      created_at timestamptz not null default now(),
      foreign key (network_id, shop_id) references shop (network_id, id)
    )`);

    this.addSql(`create table relocation (
      id uuid primary key,
      network_id uuid not null,
      shop_id uuid,
      barber_id uuid,
      to_shop_id uuid,
      date date not null,
      mode text not null,
      within_minutes integer not null,
      reason text not null,
      created_by text not null,
      created_at timestamptz not null default now(),
      finished_at timestamptz,
      constraint relocation_mode_is_known check (mode in ('move', 'offer')),
      constraint relocation_is_of_a_shop_or_a_barber check ((shop_id is null) <> (barber_id is null))
    )`);
    // Who asks again while it runs joins it.
    this.addSql(
      `create unique index one_relocation_at_a_time on relocation (network_id, coalesce(barber_id, shop_id), date)
       where finished_at is null`,
    );
    this.addSql(`create index relocation_by_date on relocation (network_id, date, id)`);
    this.addSql(`create table relocation_visit (
      relocation_id uuid not null references relocation,
      appointment_id uuid not null references appointment,
      network_id uuid not null,
      position integer not null,
      starts_at timestamptz not null,
      state text not null default 'waiting',
      code text,
      settled_at timestamptz,
      primary key (relocation_id, appointment_id),
      constraint relocation_state_is_known check (state in ('waiting', 'moved', 'offered', 'gone', 'stuck'))
    )`);

    // What was answered under an Idempotency-Key, beside bookings, which keep their own.
    this.addSql(`create table kept_answer (
      network_id uuid not null,
      api_client_id uuid not null,
      key text not null,
      fingerprint text not null,
      id uuid not null,
      began_at timestamptz not null default now(),
      running_since timestamptz default now(),
      tries integer not null default 1,
      status integer,
      headers jsonb,
      body text,
      primary key (network_id, api_client_id, key)
    )`);
    this.addSql(`create index kept_answer_by_age on kept_answer (began_at)`);
  }
}
