"""A real SMTP server for tests: STARTTLS and a password are required.

Usage: server.py CERTIFICATE KEY USER PASSWORD

Prints its port, then each message that it accepts as a line of JSON, until its input ends.
"""

import email
import email.policy
import json
import socket
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult


class Printing:
    """Accepts every message."""

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        seen = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "user": session.auth_data.login.decode(),
            "tls": session.ssl is not None,
            "headers": {name: str(value) for name, value in message.items()},
            "text": message.get_content(),
        }
        print(json.dumps(seen), flush=True)
        return "250 OK"


def main():
    certificate, key, user, password = sys.argv[1:]
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)

    def authenticate(server, session, envelope, mechanism, data):
        right = (data.login, data.password) == (user.encode(), password.encode())
        return AuthResult(success=right, handled=False, auth_data=data)

    # The library cannot tell the port that the system chose.
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.close()
    controller = Controller(
        Printing(),
        hostname="127.0.0.1",
        port=port,
        server_hostname="localhost",
        tls_context=tls,
        require_starttls=True,
        auth_required=True,
        authenticator=authenticate,
    )
    controller.start()
    print(port, flush=True)
    sys.stdin.read()
    controller.stop()


main()
