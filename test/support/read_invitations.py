"""Reads a JSON list of iCalendar texts from standard input with `icalendar`, and writes what each says as JSON.

The start is given twice: as the zone's name tells it (Python's own zone data), and as the VTIMEZONE in the file does.
"""
import json
import sys
from datetime import timezone

from icalendar import Calendar


def utc(value):
    return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def by_file(calendar, prop):
    """The instant by the VTIMEZONE that the file brings along; None where it names no zone."""
    name = prop.params.get("TZID")
    if name is None:
        return utc(prop.dt)
    zones = [each for each in calendar.walk("VTIMEZONE") if each.get("TZID") == name]
    if len(zones) != 1:
        raise ValueError(f"{len(zones)} VTIMEZONE for {name}")
    # Its own name would make the library look the zone up by it.
    zones[0]["TZID"] = "of-the-file"
    zone = zones[0].to_tz()
    zones[0]["TZID"] = name
    return utc(prop.dt.replace(tzinfo=None).replace(tzinfo=zone) if not hasattr(zone, "localize") else zone.localize(prop.dt.replace(tzinfo=None)))


def said(text):
    calendar = Calendar.from_ical(text)
    (event,) = calendar.walk("VEVENT")
    if event.errors or calendar.errors:
        raise ValueError(f"{event.errors} {calendar.errors}")
    attendees = event.get("ATTENDEE")
    return {
        "method": str(calendar["METHOD"]),
        "uid": str(event["UID"]),
        "sequence": int(event["SEQUENCE"]),
        "status": str(event["STATUS"]),
        "summary": str(event["SUMMARY"]),
        "location": str(event["LOCATION"]),
        "description": str(event["DESCRIPTION"]),
        "organizer": str(event["ORGANIZER"]),
        "attendee": str(attendees),
        "attendeeName": str(attendees.params.get("CN")),
        "stampedAt": utc(event["DTSTAMP"].dt),
        "start": utc(event["DTSTART"].dt),
        "end": utc(event["DTEND"].dt),
        "startByFile": by_file(calendar, event["DTSTART"]),
    }


if __name__ == "__main__":
    json.dump([said(text) for text in json.load(sys.stdin)], sys.stdout)
