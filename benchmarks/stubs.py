"""Transports that respond from memory, so that only the client is measured.

``answer_to(method, target)`` returns a response, like answers.Answers.to.
"""

import io

from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse


class MemoryAdapter(HTTPAdapter):
    """A transport for requests."""

    def __init__(self, answer_to):
        super().__init__()
        self._answer_to = answer_to

    def send(self, request, **kwargs):
        status, headers, body = self._answer_to(request.method, request.path_url)
        raw = HTTPResponse(io.BytesIO(body), headers, status, preload_content=False)
        return self.build_response(request, raw)


def httpx_memory(answer_to):
    """Return a transport for the HTTP library of the successor."""
    import httpx2

    def handle(request):
        status, headers, body = answer_to(request.method, request.url.raw_path.decode('ascii'))
        return httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(body))

    return httpx2.MockTransport(handle)


def httpx_plain(url):
    """Return a transport that connects to a server without TLS, whatever the URL of the request.

    The successor rejects base URLs with ``http``.
    """
    import httpx2

    class PlainTransport(httpx2.HTTPTransport):
        def handle_request(self, request):
            request.url = request.url.copy_with(**origin)
            return super().handle_request(request)

    plain = httpx2.URL(url)
    origin = {'scheme': plain.scheme, 'host': plain.host, 'port': plain.port}
    return PlainTransport()
