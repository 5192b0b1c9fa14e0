"""Create the overrides of a schedule from a CSV file with the columns start, end and email.

python overrides_from_csv.py SCHEDULE_ID overrides.csv
"""

import csv
import os
import sys

import pdpyras

schedule_id, path = sys.argv[1:]
session = pdpyras.APISession(os.environ['PAGERDUTY_API_KEY'])
users = session.dict_all('users', by='email')

with open(path, newline='', encoding='utf-8-sig') as file:  # Excel writes a BOM.
    rows = list(csv.DictReader(file))
unknown = sorted({row['email'] for row in rows} - set(users))
if unknown:
    sys.exit('There are no users ' + ', '.join(unknown))

overrides = [
    {
        'start': row['start'],
        'end': row['end'],
        'user': {'id': users[row['email']]['id'], 'type': 'user_reference'},
    }
    for row in rows
]
# The API reports on each override, in order: one may be rejected, and the others created.
results = session.rpost(f'schedules/{schedule_id}/overrides', json=overrides)
failed = 0
for row, result in zip(rows, results):
    if result['status'] == 201:
        print('created', row['start'], row['email'])
    else:
        failed += 1
        print('rejected', row['start'], row['email'], result['errors'])
sys.exit(1 if failed else 0)
