"""The channel to `tests.support.provider`; what its answers mean is decided the way a real channel does."""

import http.client

from clinic.notifications.channels.base import PermanentFailure, ProviderReceipt, TemporaryFailure, UnknownOutcome


class ProviderChannel:
    name = "email"
    consent = "email"

    def __init__(self, port, *, idempotent):
        self.port, self.idempotent = port, idempotent

    def address_of(self, patient):
        return patient.email

    def deliver(self, letter, *, idempotency_key):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.connect()
        except OSError as error:
            raise TemporaryFailure("The provider cannot be reached.") from error
        try:
            connection.request("POST", "/messages", body=letter.body.encode(), headers={"Key": str(idempotency_key)})
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException) as error:
            raise UnknownOutcome("The provider hung up.") from error
        finally:
            connection.close()
        if response.status == 200:
            return ProviderReceipt(reference="taken")
        if response.status == 422:
            raise PermanentFailure("The provider refused the address.")
        after = response.headers.get("Retry-After")
        raise TemporaryFailure(f"Code {response.status}.", retry_after_s=float(after) if after else None)
