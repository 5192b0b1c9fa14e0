"""Ansible's modules for PagerDuty. Takes the Python that they run on, which has pdpyras 5.4.1."""

import json
import os
import subprocess
import sys
import tempfile

from operations import attempt, from_sandbox

HERE = os.path.dirname(os.path.abspath(__file__))


def problem_of(result):
    if result.get('failed') or result.get('skipped'):
        raise RuntimeError(result.get('msg') or result)
    return True


team = {'type': 'team', 'name': 'Platform'}
variables = {
    'ansible_python_interpreter': sys.argv[1],
    'service_id': from_sandbox('/services')['services'][0]['id'],
}
with tempfile.TemporaryDirectory() as folder:
    playbook = os.path.join(HERE, 'playbook.yml')
    done = subprocess.run(
        ['ansible-playbook', '-i', 'localhost,', '-e', json.dumps(variables), playbook],
        env={
            **os.environ,
            'ANSIBLE_STDOUT_CALLBACK': 'json',
            'ANSIBLE_HOME': folder,
            'ANSIBLE_LOCAL_TEMP': folder,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
output = done.stdout[done.stdout.index('{') :]
for task in json.loads(output)['plays'][0]['tasks']:
    attempt(task['task']['name'], problem_of, task['hosts']['localhost'])
attempt(
    'the incident is resolved',
    lambda: (
        from_sandbox('/incidents?statuses[]=resolved')['incidents'][0]['incident_key'] == 'the-key'
    ),
)
