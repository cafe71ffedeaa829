"""Where the parts of a patient's page live: below `/today/` for patients, below `/care/<id>/` for who looks with them.

Names of routes for carers are those of patients with `care_` before them and the carer's id as first argument.
"""

from django.urls import NoReverseMatch, reverse

from aftercare.portal_patient import Reader


def address_of(name: str, reader: Reader, *args: object) -> str:
    """The reader's own address of a part, "today", "how", …; empty where the reader has no such part.

    `args` are further parts of the address, such as the id of a report.
    """
    try:
        if reader.carer is None:
            return reverse(f"aftercare:{name}", args=args)
        return reverse(f"aftercare:care_{name}", args=[reader.carer.public_id, *args])
    except NoReverseMatch:
        return ""
