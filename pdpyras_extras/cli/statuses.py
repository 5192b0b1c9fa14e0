"""The exit statuses."""

OK = 0
#: The API rejected the request.
REJECTED = 1
#: The command line, a file or the environment needs a correction.
USAGE = 2
#: The network or PagerDuty failed, also after retries.
FAILED = 3
#: A part was done.
PARTLY = 4
INTERRUPTED = 130
CLOSED_PIPE = 141
