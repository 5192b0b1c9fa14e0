"""One API call on its way through the handlers, and the registry of those."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Optional, TypeVar

from werkzeug.datastructures import MultiDict
from zoneinfo import ZoneInfo

from pdpyras_sandbox.errors import INVALID_INPUT, ApiError, invalid_input, not_found
from pdpyras_sandbox.indices import Record
from pdpyras_sandbox.shapes import Operation, operations
from pdpyras_sandbox.zones import requested_zone

if TYPE_CHECKING:
    from pdpyras_sandbox.account import Account

#: Acts on a call and returns what it is answered with. The decorated function keeps its own type.
Handler = Callable[[Any], Any]
Function = TypeVar('Function', bound=Handler)
#: Handlers of the operations that do more than store and give back records, by operation name.
HANDLERS: dict[str, Handler] = {}


def handles(*names: str) -> Callable[[Function], Function]:
    """Register a function for operations such as ``'GET /users/me'``.

    It takes the :class:`Call` and returns the content of the answer, which is wrapped as
    documented, or a :class:`Body` to be sent as it is.
    """

    def register(function: Function) -> Function:
        for name in names:
            if name not in operations():
                raise LookupError(f'PagerDuty documents no operation {name}')
            HANDLERS[name] = function
        return function

    return register


class Body(dict[str, Any]):
    """A whole answer; nothing is wrapped around it."""


class Call:
    """What was asked for, checked and taken apart."""

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
        #: The user whose key it is; None for an account key.
        self.user = user
        #: The user that acts: named by the From header, else the key's own; None if neither.
        self.sender = sender
        #: What shall go wrong with the page of a listing, on demand.
        self.page_fault: str | None = None
        #: The time zone that the answer is in, if it is not UTC.
        self.zone: Optional[ZoneInfo] = requested_zone(query)
        #: The status of the answer.
        self.status: int = operation.status

    @property
    def content(self) -> Any:
        """The body without its wrapper."""
        wrapper = self.operation.request_wrapper
        if wrapper is None or not isinstance(self.body, dict):
            return self.body
        return self.body.get(wrapper)

    def record(self, path: str | None = None) -> Record:
        """The stored record at a path, by default the one called; a refusal if there is none."""
        record: Record | None = self.store.get(path or self.path)
        if record is None:
            raise not_found()
        return record

    def parent(self, levels: int = 1) -> str:
        """The path with its last segments taken off."""
        return self.path.rsplit('/', levels)[0]

    def referred(
        self, reference: Any, collection: str, refusal: tuple[int, str] = (2001, INVALID_INPUT)
    ) -> Record:
        """Return the record that a reference in the body points to.

        :param refusal: the code and the message of the refusal if there is none.
        """
        record_id = reference.get('id') if isinstance(reference, dict) else None
        record: Record | None = self.store.get(f'{collection}/{record_id}')
        if record is None:
            problem = f'{collection.strip("/")}: no such record as {reference!r}'
            raise ApiError(400, *refusal, [problem])
        return record


def required_property(given: Any, name: str, where: str) -> Any:
    """What nothing can be done without, although the document does not call it required."""
    value = given.get(name) if isinstance(given, dict) else None
    if value is None:
        raise invalid_input(f'{where}.{name} is required')
    return value
