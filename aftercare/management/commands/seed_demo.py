"""`seed_demo`: fill an empty database with the invented clinic. `./dev up` calls it on the first start."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from aftercare.demo.history import History
from aftercare.demo.house import build_house
from clinic.models import Patient, User


class Command(BaseCommand):
    help = "Fill an empty database with the invented demo clinic."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Invented people belong to the demo. This is not demo mode.")
        if User.objects.exists() or Patient.objects.exists():
            raise CommandError("There are people in this database already. The demo fills an empty one only.")
        now = timezone.now()
        History(build_house(now), now).tell()
        self.stdout.write(f"The demo clinic has {Patient.objects.count()} patients.")
