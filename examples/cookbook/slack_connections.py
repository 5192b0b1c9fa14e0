"""List which services and teams post to which Slack channels.

python slack_connections.py SLACK_WORKSPACE_ID
"""

import os
import sys

import pdpyras

session = pdpyras.APISession(
    os.environ['PAGERDUTY_USER_KEY'], base_url='https://app.pagerduty.com/integration-slack'
)
for connection in session.iter_all(f'workspaces/{sys.argv[1]}/connections'):
    print(connection['source_name'], '->', connection['channel_name'])
