"""An API call as its handlers see it, and the registry of handlers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from pdpyras_sandbox.errors import STANDARD, ApiError, invalid_input, not_found
from pdpyras_sandbox.indices import Record
from pdpyras_sandbox.shapes import Operation, operations
from pdpyras_sandbox.zones import requested_zone

if TYPE_CHECKING:
    from pdpyras_sandbox.account import Account

#: Carries out a call and returns the content of the response.
Handler = Callable[['Call'], Any]
Function = TypeVar('Function', bound=Handler)
#: Handlers by operation name, for operations that do more than store and return records.
HANDLERS: dict[str, Handler] = {}


def handles(*names: str) -> Callable[[Function], Function]:
    """Register a function for operations such as ``'GET /users/me'``.

    The function takes a :class:`Call`. It returns the content of the response, which is wrapped as
    documented, or a :class:`Body`, which is sent unchanged.
    """

    def register(function: Function) -> Function:
        for name in names:
            if name not in operations():
                raise LookupError(f'PagerDuty documents no operation {name}')
            HANDLERS[name] = function
        return function

    return register


class Body(dict[str, Any]):
    """A complete response body, which is sent without a wrapper."""


class Call:
    """An authenticated and validated API call."""

    def __init__(
        self,
        account: Account,
        operation: Operation,
        path: str,
        parameters: dict[str, str],
        query: MultiDict[str, str],
        body: Any,
        user: Record | None,
        sender: Record | None,
    ) -> None:
        self.account = account
        self.store = account.store
        self.clock = account.clock
        self.operation = operation
        #: The path called, such as ``/users/P123``.
        self.path = path
        #: The values of the path's parameters by name.
        self.parameters = parameters
        self.query = query
        #: The body as sent.
        self.body = body
        #: The user that the key belongs to; None for an account key.
        self.user = user
        #: The acting user: the key's own, else the one in the From header; None if neither.
        self.sender = sender
        #: The pagination fault to inject, see :class:`pdpyras_sandbox.faults.Fault`.
        self.page_fault: str | None = None
        #: The time zone of the times in the response, if it is not UTC.
        self.zone: ZoneInfo | None = requested_zone(query)
        #: The status of the response.
        self.status: int = operation.status
        if operation.method == 'GET' and self.status == 201:
            # Documented for a few, but programs that accept only 200 work with PagerDuty.
            self.status = 200

    @property
    def content(self) -> Any:
        """The body without its wrapper."""
        wrapper = self.operation.request_wrapper
        if wrapper is None or not isinstance(self.body, dict):
            return self.body
        return self.body.get(wrapper)

    def record(self, path: str | None = None) -> Record:
        """Return the record at a path, by default the path called.

        :raises ApiError: with status 404 if the record does not exist.
        """
        record: Record | None = self.store.get(path or self.path)
        if record is None:
            raise not_found()
        return record

    def parent(self, levels: int = 1) -> str:
        """Return the path without its last segments."""
        return self.path.rsplit('/', levels)[0]

    @property
    def collection(self) -> str:
        """The path of the collection of the record to create or update."""
        return self.path if self.operation.method == 'POST' else self.parent()

    def referred(
        self, reference: Any, collection: str, error: tuple[int, str] = STANDARD[400]
    ) -> Record:
        """Return the record that a reference in the body points to.

        :param error: the code and message of the 400 response if the record does not exist.
        """
        record_id = reference.get('id') if isinstance(reference, dict) else None
        record: Record | None = self.store.get(f'{collection}/{record_id}')
        if record is None:
            problem = f'{collection}/{record_id} does not exist'
            if record_id is None:
                problem = f'A reference to {collection.strip("/")} must be an object with an id'
            raise ApiError(400, *error, [problem])
        return record


def required_property(given: Any, name: str, where: str) -> Any:
    """Return a property that the sandbox needs, but the document does not mark as required."""
    value = given.get(name) if isinstance(given, dict) else None
    if value is None:
        raise invalid_input(f'{where}.{name} is required')
    return value


def required_id(given: Any, where: str) -> str:
    """Return the ID in an object of the body that the document does not describe."""
    value = given.get('id') if isinstance(given, dict) else None
    if not isinstance(value, str):
        raise invalid_input(f'{where}.id is required, and must be a string')
    return value
