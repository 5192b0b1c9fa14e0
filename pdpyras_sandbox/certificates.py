"""A temporary certificate authority, and the authorities that this machine trusts."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile


class CertificateAuthority:
    """A temporary certificate authority, whose certificate is in a file."""

    def __init__(self) -> None:
        import trustme

        self._authority = trustme.CA(organization_name='pdpyras_sandbox')
        #: The authority's certificate, in PEM.
        self.pem = self._authority.cert_pem.bytes().decode()
        self._folder = tempfile.TemporaryDirectory(prefix='pdpyras_sandbox-')
        #: The path of the file with the certificate.
        self.file = os.path.join(self._folder.name, 'ca.pem')
        with open(self.file, 'w', encoding='ascii') as file:
            file.write(self.pem)

    def context(self, *hosts: str) -> ssl.SSLContext:
        """Return a server's TLS settings, with a certificate for these host names and addresses.

        :raises ValueError: for a name that cannot be in a certificate, such as ``my_host``.
        """
        try:
            certificate = self._authority.issue_cert(*hosts)
        except ValueError as error:
            raise ValueError(f'A certificate cannot contain this host name: {error}') from None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        context.set_alpn_protocols(['http/1.1'])
        return context

    def close(self) -> None:
        """Remove the file."""
        self._folder.cleanup()


def system_authorities() -> str:
    """Return the certificates that this machine trusts, in PEM; certifi's if there are none."""
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    # The default folder of a system that also has a file has the same certificates.
    if paths.openssl_capath_env in os.environ or not context.get_ca_certs():
        load_folder(context, paths.capath)
    if not context.get_ca_certs():
        import certifi

        context.load_verify_locations(certifi.where())
    return ''.join(map(ssl.DER_cert_to_PEM_cert, context.get_ca_certs(binary_form=True)))


def load_folder(context: ssl.SSLContext, folder: str | None) -> None:
    """Load all certificates of a folder, which OpenSSL reads only when it needs one."""
    names = os.listdir(folder) if folder else []
    # A folder has several links to each file.
    for file in {os.path.realpath(os.path.join(folder or '', name)) for name in names}:
        with contextlib.suppress(OSError):
            context.load_verify_locations(file)
