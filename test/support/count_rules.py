"""Reads rules from standard input as JSON and prints the starts that dateutil finds for each, as JSON."""
import itertools
import json
import sys
from datetime import datetime

from dateutil.rrule import rrulestr

def starts(rule, start, until):
    end = datetime.strptime(until, "%Y%m%dT%H%M%S")
    found = rrulestr(rule, dtstart=datetime.strptime(start, "%Y%m%dT%H%M%S"))
    return [each.strftime("%Y%m%dT%H%M%S") for each in itertools.takewhile(lambda each: each <= end, found)]

print(json.dumps([starts(**each) for each in json.load(sys.stdin)]))
