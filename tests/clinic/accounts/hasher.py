"""A cheap password hasher that counts how often it was asked."""

from threading import Lock

from django.contrib.auth.hashers import MD5PasswordHasher

CHECKS: list[str] = []
_one_at_a_time = Lock()


class CountingHasher(MD5PasswordHasher):
    algorithm = "counted"

    def encode(self, password, salt):
        with _one_at_a_time:
            CHECKS.append("encode")
        return super().encode(password, salt)

    def verify(self, password, encoded):
        # MD5's verify calls encode: one check is one call.
        return super().verify(password, encoded)
