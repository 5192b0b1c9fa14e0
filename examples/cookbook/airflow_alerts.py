"""Callbacks for Airflow: an alert for each failed task, resolved when the task succeeds.

from airflow_alerts import resolve_alert, trigger_alert

DAG('nightly', default_args={
    'on_failure_callback': trigger_alert, 'on_success_callback': resolve_alert,
})
"""

import os

import pdpyras


def trigger_alert(context):
    task = context['task_instance']
    with events_session() as events:
        events.trigger(
            f'Task {task.task_id} of {task.dag_id} failed',
            'airflow',
            dedup_key=dedup_key(task),
            custom_details={'run': context['run_id'], 'error': str(context.get('exception'))},
            links=[{'href': task.log_url, 'text': 'Log'}],
        )


def resolve_alert(context):
    with events_session() as events:
        events.resolve(dedup_key(context['task_instance']))


def dedup_key(task):
    # Leave out the run, so that a later run of the task can resolve the alert.
    return f'airflow/{task.dag_id}/{task.task_id}'


def events_session():
    # A new session for each call, because Airflow runs tasks in separate processes.
    events = pdpyras.EventsAPISession(os.environ['PAGERDUTY_ROUTING_KEY'])
    events.max_wait = 60
    return events
