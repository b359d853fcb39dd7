#!/bin/sh
# Runs once, when the volume is empty: one role and its own databases for Punctual, one for Temporal. Neither reads the other's: what
# Temporal stores names no customer, and its password must not open the database that does.
set -eu

psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set punctual_password="$PUNCTUAL_DB_PASSWORD" --set temporal_password="$TEMPORAL_DB_PASSWORD" <<'SQL'
create role punctual login password :'punctual_password';
create role temporal login password :'temporal_password';
create database punctual owner punctual;
create database temporal owner temporal;
create database temporal_visibility owner temporal;
revoke connect on database punctual, temporal, temporal_visibility, postgres from public;
SQL
