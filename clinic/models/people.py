"""The people who sign in: staff by password, patients by a one-time code to their e-mail."""

from typing import Any, Self, cast

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from phonenumber_field.modelfields import PhoneNumberField

from clinic.access import PORTAL_ROLES, STAFF_ROLES, Permission, Role, permissions_of
from clinic.models.fields import RoleSetField, public_id


class UserQuerySet(models.QuerySet["User"]):
    def staff(self) -> Self:
        return self.filter(is_staff=True, is_active=True)

    def with_role(self, role: Role) -> Self:
        """Active people who hold `role`, among others."""
        people = self.filter(is_active=True, roles__contains=f"|{role}|")
        return people.filter(is_staff=True) if role in STAFF_ROLES else people

    def nurses(self) -> Self:
        return self.with_role(Role.NURSE).order_by("name")


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        """A person without a password cannot sign in by password: patients never get one."""
        user: User = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, email: str | None) -> "User":
        person: User = self.get(email=(email or "").lower())
        return person


class User(AbstractBaseUser):
    public_id = public_id()
    email = models.EmailField(
        "e-mail", unique=True, error_messages={"unique": "Somebody already signs in with this e-mail."}
    )
    name = models.CharField(max_length=120)
    # Stands where a colleague is called in an emergency; patients never see it.
    phone = PhoneNumberField(blank=True)
    roles = RoleSetField()
    # Derived from the roles at each save; a column of its own because Django's admin and indexes ask for it.
    is_staff = models.BooleanField(default=False, editable=False)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once"),
            models.CheckConstraint(
                condition=~Q(roles__contains="|patient|") | Q(roles="|patient|"), name="user_patient_is_not_staff"
            ),
            models.CheckConstraint(
                condition=~Q(roles__contains="|carer|") | Q(roles="|carer|"), name="user_carer_is_not_staff"
            ),
        ]
        indexes = [models.Index(fields=["name"], condition=Q(is_staff=True), name="user_staff_name")]

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.lower()
        self.is_staff = bool(frozenset(self.roles) & STAFF_ROLES)
        super().save(*args, **kwargs)

    def may(self, permission: Permission) -> bool:
        return self.is_active and permission in permissions_of(cast("frozenset[Role]", self.roles))

    @property
    def is_patient(self) -> bool:
        return Role.PATIENT in self.roles

    @property
    def uses_portal(self) -> bool:
        """A patient or a carer: signs in by a code, reads in their own language, has the portal's session limits."""
        return bool(frozenset(self.roles) & PORTAL_ROLES)

    @property
    def role_names(self) -> str:
        return ", ".join(role.label for role in Role if role in self.roles)

    @property
    def initials(self) -> str:
        parts = self.name.split()
        return "".join(part[0] for part in (parts[0], parts[-1])).upper() if len(parts) > 1 else self.name[:2].upper()

    # What Django's admin asks. Set-up rows may be edited by administrators; nothing is ever deleted there.
    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.may(Permission.ADMINISTER) and ".delete_" not in perm

    def has_perms(self, perm_list: Any, obj: Any = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return self.may(Permission.ADMINISTER)
