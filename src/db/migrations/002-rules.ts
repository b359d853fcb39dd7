import { Migration } from '@mikro-orm/migrations';

/**
 * Rules at every scope: dated hours, holidays, segments, a barber's own terms, visits of several parts, and the wall time that was
 * promised.
 */
export class Migration002Rules extends Migration {
  override up(): void {
    this.addSql(`alter table network add column version integer not null default 1`);

    // The slug of an archived shop is free again.
    this.addSql(`alter table shop drop constraint shop_network_id_slug_key`);
    this.addSql(`create unique index shop_slug_is_used_once on shop (network_id, slug) where archived_at is null`);
    this.addSql(`alter table shop_closure add column version integer not null default 1`);
    this.addSql(`create table shop_exception (
      id uuid primary key,
      network_id uuid not null,
      shop_id uuid not null,
      date date not null,
      hours jsonb not null,
      reason text not null default '',
      version integer not null default 1,
      foreign key (network_id, shop_id) references shop (network_id, id),
      unique (shop_id, date)
    )`);
    this.addSql(`create table holiday_set (
      id uuid primary key,
      network_id uuid not null references network,
      slug text not null,
      name text not null,
      days jsonb not null,
      version integer not null default 1,
      unique (network_id, slug)
    )`);

    // A service is a list of busy and free stretches; its length can say nothing else.
    this.addSql(`create function segment_minutes(segments jsonb) returns integer language sql immutable strict parallel safe
      return (select sum((each ->> 'minutes')::int)::int from jsonb_array_elements(segments) each)`);
    this.addSql(`alter table service add column segments jsonb`);
    this.addSql(`update service
      set segments = jsonb_build_array(jsonb_build_object('kind', 'busy', 'minutes', duration_minutes)),
        settings = jsonb_strip_nulls(jsonb_build_object(
          'bufferBeforeMinutes', nullif(buffer_before_minutes, 0), 'bufferAfterMinutes', nullif(buffer_after_minutes, 0)))
          || settings`);
    this.addSql(`alter table service alter column segments set not null,
      add constraint duration_is_the_sum_of_segments check (duration_minutes = segment_minutes(segments)),
      drop column buffer_before_minutes, drop column buffer_after_minutes`);
    this.addSql(`create table barber_service (
      id uuid primary key,
      network_id uuid not null,
      barber_id uuid not null,
      service_id uuid not null,
      offered boolean not null default true,
      segments jsonb,
      price_cents integer,
      settings jsonb not null default '{}',
      version integer not null default 1,
      foreign key (network_id, barber_id) references barber (network_id, id),
      foreign key (network_id, service_id) references service (network_id, id),
      unique (barber_id, service_id),
      constraint own_length_is_up_to_a_day check (segment_minutes(segments) between 1 and 1440),
      constraint own_price_is_not_negative check (price_cents >= 0)
    )`);

    this.addSql(`alter table assignment add column periods jsonb`);
    this.addSql(
      `update assignment
       set periods = jsonb_build_array(jsonb_build_object('fromDate', null, 'toDate', null, 'hours', hours, 'breaks', breaks))`,
    );
    this.addSql(`alter table assignment alter column periods set not null, drop column hours, drop column breaks`);
    this.addSql(`create table assignment_exception (
      id uuid primary key,
      network_id uuid not null,
      barber_id uuid not null,
      shop_id uuid not null,
      date date not null,
      hours jsonb not null,
      breaks jsonb not null default '[]',
      reason text not null default '',
      version integer not null default 1,
      foreign key (network_id, barber_id) references barber (network_id, id),
      foreign key (network_id, shop_id) references shop (network_id, id),
      unique (barber_id, shop_id, date)
    )`);

    // Time off is either some hours (instants) or whole local days, which every shop reads in its own zone.
    this.addSql(`alter table time_off alter column starts_at drop not null, alter column ends_at drop not null,
      add column from_date date, add column to_date date, add column version integer not null default 1,
      add constraint time_off_is_hours_or_days check ((starts_at is null) = (ends_at is null) and (from_date is null) = (to_date is null)
        and (starts_at is null) <> (from_date is null)),
      add constraint time_off_ends_on_or_after_its_first_day check (to_date >= from_date)`);
    this.addSql(`create index time_off_by_day on time_off (barber_id, to_date)`);

    this.addSql(`alter table booking_request add column wishes jsonb`);
    this.addSql(`alter table appointment add column promised_start text, add column promised_offset_minutes integer`);
    this.addSql(`update appointment set promised_start = to_char(starts_at at time zone shop_time_zone, 'YYYY-MM-DD"T"HH24:MI'),
      promised_offset_minutes = extract(epoch from (starts_at at time zone shop_time_zone) - (starts_at at time zone 'UTC')) / 60`);
    this.addSql(`alter table appointment alter column promised_start set not null, alter column promised_offset_minutes set not null,
      add constraint promise_is_a_wall_time check (promised_start ~ '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d$')`);
    this.addSql(`create index appointment_by_customer on appointment (customer_id, starts_at) where status = 'confirmed'`);

    this.addSql(`create table appointment_part (
      id uuid primary key,
      network_id uuid not null,
      appointment_id uuid not null references appointment,
      position integer not null,
      service_id uuid not null,
      barber_id uuid not null,
      starts_at timestamptz not null,
      ends_at timestamptz not null,
      price_cents integer not null,
      segments jsonb not null,
      chosen jsonb not null,
      foreign key (network_id, service_id) references service (network_id, id),
      foreign key (network_id, barber_id) references barber (network_id, id),
      unique (appointment_id, position),
      constraint part_ends_after_it_starts check (ends_at > starts_at)
    )`);
    this.addSql(`create index appointment_part_by_barber on appointment_part (barber_id, starts_at, appointment_id)`);
    this.addSql(`insert into appointment_part (
        id, network_id, appointment_id, position, service_id, barber_id, starts_at, ends_at, price_cents, segments, chosen)
      select gen_random_uuid(), network_id, id, 0, service_id, barber_id, starts_at, ends_at, price_cents,
        jsonb_build_array(jsonb_build_object('kind', 'busy', 'minutes', extract(epoch from ends_at - starts_at) / 60)),
        '{"rule": "unknown"}'
      from appointment`);

    // Of an appointment's rows for one barber, the first carries the part's start: what a cap per day counts.
    this.addSql(`alter table occupancy add column visit_starts_at timestamptz`);
    this.addSql(`update occupancy o set visit_starts_at = a.starts_at from appointment a where a.id = o.appointment_id`);

    this.addSql(`alter table delivery add column barber_id uuid`);

    // The one release of zone data that all processes must have: two that differ could tell one customer two hours.
    this.addSql(`create table zone_data (
      only_row boolean primary key default true,
      version text not null,
      adopted_at timestamptz not null default now(),
      constraint one_row check (only_row)
    )`);
  }
}
