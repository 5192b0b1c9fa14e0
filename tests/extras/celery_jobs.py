"""Celery tasks whose errors become alerts.

PAGERDUTY_ROUTING_KEY holds the integration key of a service.
"""

import logging
import os

from celery import Celery
from celery.signals import worker_process_shutdown

from pdpyras_extras.logs import PagerDutyHandler

app = Celery('celery_jobs')
logger = logging.getLogger('jobs')
handler = PagerDutyHandler(
    os.environ['PAGERDUTY_ROUTING_KEY'], base_url=os.environ.get('PAGERDUTY_URL')
)
logger.addHandler(handler)


@app.task
def charge(order):
    logger.error('Order %d failed', order)


@worker_process_shutdown.connect
def close(**options):
    handler.close()
