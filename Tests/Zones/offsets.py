"""Prints offsets of all time zones in a folder, as Python reads them: name, seconds since 1970, seconds east of Greenwich."""
import datetime
import random
import sys
import zoneinfo

zoneinfo.reset_tzpath([sys.argv[1]])
random.seed(1)
start = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
for name in sorted(zoneinfo.available_timezones()):
    zone = zoneinfo.ZoneInfo(name)
    for _ in range(30):
        time = random.randint(-5_000_000_000, 7_000_000_000)
        moment = (start + datetime.timedelta(seconds=time)).astimezone(zone)
        print(name, time, int(moment.utcoffset().total_seconds()))
