"""Finding patients by part of a name, phone digits or birth date, with plain indexes on both databases (ADR 9).

What is stored per patient, all in lower case and without accents:

* each word of the name with the other words after it, behind a mark: "^quillfeather marigold", "^marigold
  quillfeather". The order of the index is then also one of names: the first of many are read there, not sorted;
* each ending of a word that is no beginning, likewise: "uillfeather marigold", … "her marigold";
* each ending of the phone's digits: "12125550119", "2125550119", … "119".

"Part of" is then a prefix of a row, and the row itself tells whether the other words fit. Nobody can type the mark:
what is typed is reduced to letters and digits first.
"""

from collections.abc import Iterable, Iterator
from functools import reduce
from itertools import chain, islice
from operator import or_

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, OrderBy, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat
from django.db.models.sql.compiler import SQLCompiler

from clinic.models import Patient, PatientSearchTerm
from clinic.models.patient import PatientQuerySet
from clinic.search_text import Wanted, digits_of, interpretations, words_of

_MARK = "^"
# A part is at least this long; shorter ones are looked for at the beginning of words only.
SHORTEST_PART = 3
_TERM_LENGTH = 60
# So many matches are sorted by name; where there are more, they are the first by the word that was found.
_CANDIDATES = 200
_INSERT = f"INSERT INTO {PatientSearchTerm._meta.db_table} (patient_id, term, starts_word) VALUES"
# What is never needed to tell people apart stays in the table.
_CLINICAL = ("weight_kg", "allergies", "polidocanol_allergy", "risk_factors")


class _InIndexOrder(OrderBy):
    """By term, as the index has it: PostgreSQL's pattern operators have an order of their own."""

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[object, ...]]:
        # Django looks for ASC or DESC in what it made; USING allows neither, so the word stands in a comment.
        return self.as_sql(compiler, connection, template="%(expression)s USING ~<~ /* ASC */")


def find_patients(text: str, limit: int = 10, *, among: PatientQuerySet | None = None) -> list[Patient]:
    """The first `limit` patients that `text` fits: beginnings of words first, each group by name.

    Several words must all fit, in any order; digits are part of a phone number; a date in a usual spelling (also a
    month or a year) is the birth date. `among` is what the asking person may see (`visible_to`). Two queries as a
    rule, eight at most, however many patients there are. Clinical columns are not loaded.
    """
    found: dict[int, Patient] = {}
    base = (Patient.objects.all() if among is None else among).defer(*_CLINICAL)
    for matching in (matching for wanted in interpretations(text) for matching in _steps(base, wanted)):
        rows = matching.exclude(pk__in=list(found))
        found.update({patient.pk: patient for patient in rows[: limit - len(found)]})
        if len(found) >= limit:
            break
    return list(found.values())


def _steps(patients: PatientQuerySet, wanted: Wanted) -> Iterator[QuerySet[Patient]]:
    """What fits, best first: the longest word at a beginning, then anywhere."""
    if wanted.words:
        *others, longest = sorted(wanted.words, key=len)
        rows = _looked_up(wanted).filter(*map(_also, others), *_born(wanted), *_phone(wanted))
        yield _patients_of(patients, rows.filter(term__has_prefix=f"{_MARK}{longest}"))
        if len(longest) >= SHORTEST_PART:
            yield _patients_of(patients, rows.filter(term__has_prefix=longest))
    elif wanted.numbers:
        number = reduce(or_, (Q(term__has_prefix=number) for number in wanted.numbers))
        yield _patients_of(patients, PatientSearchTerm.objects.filter(number))
    else:
        yield patients.filter(*_born(wanted)).order_by("family_name", "given_name", "id")


def _patients_of(patients: PatientQuerySet, rows: QuerySet[PatientSearchTerm]) -> QuerySet[Patient]:
    """By name. A query of its own for the ids: a planner that sees both may prefer to read the whole table of patients.

    The order is an expression for the same reason: the index of all names would be read until enough ids are met.
    """
    first = rows.order_by(_InIndexOrder(F("term"))).values_list("patient_id", flat=True)[:_CANDIDATES]
    return patients.filter(pk__in=set(first)).order_by(Concat("family_name", Value("")), "given_name", "id")


def _also(word: str) -> Q:
    """The row names this word too: at a beginning, or anywhere when it is long enough to be a part."""
    return Q(term__contains=word if len(word) >= SHORTEST_PART else f" {word}")


def _looked_up(wanted: Wanted) -> QuerySet[PatientSearchTerm]:
    """Terms with the columns of their patient that are asked for, looked up row by row: a planner that may join as it
    likes can begin with the whole table of patients."""
    patient = Patient.objects.filter(pk=OuterRef("patient_id"))
    asked = {"birth_date": wanted.days, "phone": wanted.numbers}
    return PatientSearchTerm.objects.annotate(
        **{column: Subquery(patient.values(column)[:1]) for column, values in asked.items() if values}
    )


def _born(wanted: Wanted) -> list[Q]:
    spans = [Q(birth_date__range=span) for span in wanted.days]
    return [reduce(or_, spans)] if spans else []


def _phone(wanted: Wanted) -> list[Q]:
    numbers = [Q(phone__contains=number) for number in wanted.numbers]
    return [reduce(or_, numbers)] if numbers else []


def terms_of(*, given_name: str, family_name: str, phone: str) -> dict[str, bool]:
    """The search terms of one patient; the value says whether the term begins a word (or is the whole number)."""
    given, family = words_of(given_name), words_of(family_name)
    words, terms = family + given, {}
    for at, word in enumerate(words):
        others = " ".join(["", *words[:at], *words[at + 1 :]])
        terms[f"{_MARK}{word}{others}"[:_TERM_LENGTH]] = True
        terms |= {f"{ending}{others}"[:_TERM_LENGTH]: False for ending in _endings(word)[1:]}
    digits = digits_of(phone)
    return terms | {ending: ending == digits for ending in _endings(digits)}


def _endings(word: str) -> list[str]:
    return [word[start:] for start in range(len(word) - SHORTEST_PART + 1)]


def _terms(patient: Patient) -> dict[str, bool]:
    return terms_of(given_name=patient.given_name, family_name=patient.family_name, phone=str(patient.phone or ""))


@transaction.atomic
def index_patient(patient: Patient) -> None:
    """Write the search terms of one patient anew; call it in the transaction that saves the name or the phone."""
    PatientSearchTerm.objects.filter(patient=patient).delete()
    PatientSearchTerm.objects.bulk_create(
        PatientSearchTerm(patient=patient, term=term, starts_word=starts) for term, starts in _terms(patient).items()
    )


def bulk_index(patients: Iterable[Patient], *, batch_size: int = 5000) -> int:
    """Write the terms of many patients that have none yet (demo, benchmarks, imports); returns how many rows.

    Plain rows instead of model objects: a clinic of 100,000 has two million terms.
    """
    rows = ((patient.pk, term, starts) for patient in patients for term, starts in _terms(patient).items())
    written = 0
    with connection.cursor() as cursor:
        while batch := list(islice(rows, batch_size)):
            values = ", ".join(["(%s, %s, %s)"] * len(batch))
            cursor.execute(f"{_INSERT} {values}", list(chain.from_iterable(batch)))
            written += len(batch)
    return written
