"""Copy the notes of one incident to another.

python copy_notes.py FROM_ID TO_ID
"""

import os
import sys

import pdpyras

source, target = sys.argv[1:]
session = pdpyras.APISession(
    os.environ['PAGERDUTY_API_KEY'], default_from=os.environ['PAGERDUTY_EMAIL']
)
notes = session.rget(f'incidents/{source}/notes')
for note in sorted(notes, key=lambda note: note['created_at']):
    content = f'{note["user"]["summary"]}, {note["created_at"]}: {note["content"]}'
    session.rpost(f'incidents/{target}/notes', json={'content': content})
print(f'Notes copied: {len(notes)}')
