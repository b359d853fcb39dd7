"""Reads a JSON list of feeds from standard input with `icalendar`, and writes what each says as JSON. Starts are given as in read_invitations.py."""
import json
import sys

from icalendar import Calendar
from read_invitations import by_file, utc


def event_said(calendar, event):
    if event.errors:
        raise ValueError(f"{event.errors}")
    return {
        "uid": str(event["UID"]),
        "sequence": int(event["SEQUENCE"]),
        "status": str(event["STATUS"]),
        "summary": str(event["SUMMARY"]),
        "location": str(event.get("LOCATION", "")),
        "description": str(event.get("DESCRIPTION", "")),
        "url": str(event.get("URL", "")),
        "people": sum(name in event for name in ("ATTENDEE", "ORGANIZER", "CONTACT")),
        "stampedAt": utc(event["DTSTAMP"].dt),
        "start": utc(event["DTSTART"].dt),
        "end": utc(event["DTEND"].dt),
        "startByFile": by_file(calendar, event["DTSTART"]),
    }


def said(text):
    calendar = Calendar.from_ical(text)
    if calendar.errors:
        raise ValueError(f"{calendar.errors}")
    return {
        "name": str(calendar["X-WR-CALNAME"]),
        "method": str(calendar["METHOD"]),
        "refreshSeconds": int(calendar["REFRESH-INTERVAL"].dt.total_seconds()),
        "zones": [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")],
        "events": [event_said(calendar, event) for event in calendar.walk("VEVENT")],
    }


json.dump([said(text) for text in json.load(sys.stdin)], sys.stdout)
