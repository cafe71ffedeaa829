"""What is expected after a treatment, by day since the session, and what helps when a day did not work.

The clinic's own words (`CourseText`) come before the shipped ones, key by key. The shipped words follow the drug's US
prescribing information (frequencies of its trial), the German guideline on sclerotherapy and published follow-up of
pigment and fine vessels; days marked CHOICE and every tip are to be confirmed by the clinical lead. Nobody is promised
anything.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from aftercare.models import CourseText, Tick
from clinic import audit
from clinic.models import User
from clinic.prepared import Prepared
from sessions_app.refusals import Refused, Stale
from sessions_app.retrying import retried

HELP = "help-"
OFF = "-off"
OWN = "own-"
LONGEST_TEXT = 300
LAST_DAY_OF_ALL = 730
MOST_OWN = 20

# Nobody can keep them: pain was reported by a quarter of those treated, and effects may not last (drug's own leaflet).
_PROMISES = re.compile(
    r"\b(painless|pain-free|for ?ever|permanent(?:ly)?|cures?|cured|guarantee\w*|never (?:come|comes|return)\w*|100 ?%|"
    r"risk-free|harmless|indolor\w*|sin dolor|para siempre|permanente\w*|definitiv\w*|curan?|curad[oa]s?|garanti\w*|"
    r"nunca (?:vuelven?|regresan?)|sin riesgos?|inofensiv\w*)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages. Days count from the session, both inclusive; without a last day it stays.

    `number` is that of the clinic's own row, 0 for the shipped words; the source is for staff.
    """

    key: str
    first_day: int
    last_day: int | None
    en: str
    es: str
    source: str = ""
    number: int = 0
    is_shown: bool = True

    @property
    def is_help(self) -> bool:
        return self.key.startswith(HELP)

    def text(self, language: str) -> str:
        return self.es if language.startswith("es") else self.en

    def holds_on(self, day: int) -> bool:
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)


_TRIAL = "Trial of the prescribing information"
_CHOICE = "days are a choice of this product"
_TOES = (
    "Toes: review of the risks of medical compression (Phlebolymphology). The rest has no source: to be confirmed by "
    "the clinical lead"
)

COURSE: tuple[Words, ...] = (
    Words(
        "itching",
        0,
        2,
        "Itching, stinging or small wheals where the needle went in, for the first 2 days.",
        "Picazón, ardor o pequeñas ronchas donde entró la aguja, durante los primeros 2 días.",
        f"{_TRIAL}: itching 19 %; local wheals are no allergy (German guideline)",
    ),
    Words(
        "soreness",
        0,
        7,
        "Mild soreness or warmth at the treated places. If it is strong or grows, tell us the same day.",
        "Un poco de molestia o calor en los lugares tratados. Si es fuerte o aumenta, avísenos el mismo día.",
        f"{_TRIAL}: pain 24 %, warmth 16 %; {_CHOICE}",
    ),
    Words(
        "bruises",
        0,
        28,
        "Bruises. They usually go in 2 to 4 weeks.",
        "Moretones. Suelen desaparecer en 2 a 4 semanas.",
        f"{_TRIAL}: 42 %; 2 to 4 weeks from clinics' leaflets",
    ),
    Words(
        "darker-veins",
        0,
        None,
        "Veins that look darker than before. This is expected at first.",
        "Venas que se ven más oscuras que antes. Al principio es de esperar.",
        f"Founding clinic text; {_TRIAL}: discolouration 38 %",
    ),
    Words(
        "trapped-blood",
        7,
        21,
        "A small dark lump under the skin can be trapped blood. If it is firm or tender, tell us by the next working "
        "day: it can often be let out at a visit.",
        "Un pequeño bulto oscuro bajo la piel puede ser sangre atrapada. Si está duro o duele al tocarlo, avísenos a "
        "más tardar el siguiente día hábil: muchas veces se puede sacar en una visita.",
        "Founding clinic text; randomised trial: release 1 to 3 weeks after the treatment",
    ),
    Words(
        "brown-line",
        7,
        None,
        "A brown line over a treated vein. In most people it fades within a year; in some it takes longer.",
        "Una línea marrón sobre una vena tratada. En la mayoría de las personas se aclara en un año; en algunas tarda "
        "más.",
        f"Follow-up studies: 70 % faded by 6 months, 99 % within a year; some up to 5 years; first day: {_CHOICE}",
    ),
    Words(
        "fine-red-veins",
        14,
        None,
        "Fine new red veins near a treated place. They often fade in 3 to 12 months; show them at your next visit.",
        "Venitas rojas nuevas cerca de un lugar tratado. A menudo se aclaran en 3 a 12 meses; muéstrelas en su próxima "
        "visita.",
        f"Follow-up study: 3 to 12 months; {_TRIAL}: 8 %; first day: {_CHOICE}",
    ),
    Words(
        "result",
        0,
        None,
        "How it turned out is seen only after some months. In studies it was judged 12 and 26 weeks after the last "
        "treatment.",
        "El resultado se ve solo después de unos meses. En los estudios se evaluó 12 y 26 semanas después del último "
        "tratamiento.",
        "Trial photographs at 12 and 26 weeks",
    ),
)


def _help(
    task: str,
    reason: str,
    en: str,
    es: str,
    source: str = "Tip of this product, no source: to be confirmed by the clinical lead",
    *,
    is_off: bool = False,
) -> Words:
    return Words(help_key(task, reason, is_off=is_off), 0, None, en, es, source)


def help_key(task: str, reason: str, *, is_off: bool = False) -> str:
    """`help-stocking-hard-to-put-on`, and `…-off` for who said that the stocking is not on."""
    return f"{HELP}{task}-{reason}{OFF if is_off else ''}".replace("_", "-")


_S, _W, _R = Tick.Task.STOCKING.value, Tick.Task.WALK.value, Tick.Reason
# Of a stocking twice: for one that is on ("It is on, but…"), and for one that is not ("Not at all").
HELPS: tuple[Words, ...] = (
    _help(
        _S,
        _R.HEAT,
        "Stay in the shade or a cool room and put your legs up. Keep the stocking on if you can, or put it on again "
        "there: it lowers the risk of a clot.",
        "Quédese en la sombra o en un cuarto fresco y ponga las piernas en alto. Si puede, déjese la media puesta o "
        "póngasela ahí de nuevo: reduce el riesgo de un coágulo.",
    ),
    _help(
        _S,
        _R.HEAT,
        "Go to the shade or a cool room and put your legs up. Put the stocking on again there if your plan asks for it "
        "now: it lowers the risk of a clot. If you cannot, call us.",
        "Vaya a la sombra o a un cuarto fresco y ponga las piernas en alto. Póngase ahí la media de nuevo si su plan "
        "la pide ahora: reduce el riesgo de un coágulo. Si no puede, llámenos.",
        is_off=True,
    ),
    _help(
        _S,
        _R.TOO_TIGHT,
        "Keep it on as your plan says, also tonight while it says day and night, if you can bear it. If your toes are "
        "numb, blue or cold, take it off now and tell us. Smooth out folds; do not cut it or roll it down. Somebody "
        "from the clinic will help you find one that fits.",
        "Déjesela como dice su plan, también esta noche mientras diga día y noche, si la aguanta. Si tiene los dedos "
        "dormidos, azules o fríos, quítesela ya y avísenos. Alise los pliegues; no la corte ni la enrolle. Alguien de "
        "la clínica le ayudará a encontrar una que le quede bien.",
        _TOES,
    ),
    _help(
        _S,
        _R.TOO_TIGHT,
        "Do not cut it to make it wider. Somebody from the clinic will help you find one that fits. If your toes are "
        "numb, blue or cold although it is off, tell us now.",
        "No la corte para ensancharla. Alguien de la clínica le ayudará a encontrar una que le quede bien. Si tiene "
        "los dedos dormidos, azules o fríos aunque no la lleve puesta, avísenos ya.",
        _TOES,
        is_off=True,
    ),
    _help(
        _S,
        _R.SLIPS,
        "Pull it up little by little and smooth it with flat hands. Do not roll or fold the top: that can press. Go on "
        "with your plan. Somebody from the clinic will help you find one that fits.",
        "Súbala poco a poco y alísela con las manos planas. No enrolle ni doble el borde: puede apretar. Siga su plan. "
        "Alguien de la clínica le ayudará a encontrar una que le quede bien.",
    ),
    _help(
        _S,
        _R.SLIPS,
        "If your plan asks for it now, put it on again: pull it up little by little and smooth it with flat hands. Do "
        "not roll or fold the top: that can press. Somebody from the clinic will help you find one that fits.",
        "Si su plan la pide ahora, póngasela de nuevo: súbala poco a poco y alísela con las manos planas. No enrolle "
        "ni doble el borde: puede apretar. Alguien de la clínica le ayudará a encontrar una que le quede bien.",
        is_off=True,
    ),
    _help(
        _S,
        _R.HARD_TO_PUT_ON,
        "While it is on, leave it on as your plan says. The next time: on dry skin, turn it inside out down to the "
        "heel, slip the foot in, then pull it up little by little. Rubber gloves give a better grip.",
        "Mientras la lleve puesta, déjesela como dice su plan. La próxima vez: con la piel seca, vuélvala del revés "
        "hasta el talón, meta el pie y súbala poco a poco. Con guantes de goma se agarra mejor.",
    ),
    _help(
        _S,
        _R.HARD_TO_PUT_ON,
        "If your plan asks for it now, try again: put your legs up first. On dry skin, turn it inside out down to the "
        "heel, slip the foot in, pull it up little by little. Rubber gloves grip better; somebody may help you. If it "
        "will not go on, call us.",
        "Si su plan la pide ahora, inténtelo otra vez: antes ponga las piernas en alto. Con la piel seca, vuélvala del "
        "revés hasta el talón, meta el pie y súbala poco a poco. Con guantes de goma se agarra mejor; alguien puede "
        "ayudarle. Si no entra, llámenos.",
        is_off=True,
    ),
    _help(
        _S,
        _R.SKIN,
        "Take it off, look at the skin, and tell us what you see. A blister, an open sore or skin that turns white or "
        "dark must be seen the same day.",
        "Quítesela, mire la piel y díganos qué ve. Una ampolla, una herida abierta o piel que se pone blanca u oscura "
        "se debe revisar el mismo día.",
    ),
    _help(
        _S,
        _R.SKIN,
        "Look at the skin and tell us what you see. A blister, an open sore or skin that turns white or dark must be "
        "seen the same day.",
        "Mire la piel y díganos qué ve. Una ampolla, una herida abierta o piel que se pone blanca u oscura se debe "
        "revisar el mismo día.",
        is_off=True,
    ),
    *(
        _help(
            _S,
            _R.LOST,
            "Somebody from the clinic will help you get another one.",
            "Alguien de la clínica le ayudará a conseguir otra.",
            is_off=is_off,
        )
        for is_off in (False, True)
    ),
    _help(
        _S,
        _R.FORGOT,
        "If it is not on now and your plan asks for it, put it on. Go on with your plan as it is.",
        "Si ahora no la lleva puesta y su plan la pide, póngasela. Siga con su plan tal como está.",
    ),
    _help(
        _S,
        _R.FORGOT,
        "Put it on now if your plan asks for it now, and go on with your plan as it is.",
        "Si su plan la pide ahora, póngasela ya, y siga con su plan tal como está.",
        is_off=True,
    ),
    _help(
        _S,
        _R.OTHER,
        "Tell us in “How are you?” what it is, or call us. There somebody reads it.",
        "Díganos qué es en «¿Cómo está?» o llámenos. Ahí alguien lo lee.",
    ),
    _help(
        _S,
        _R.OTHER,
        "Tell us in “How are you?” what it is, or call us. There somebody reads it.",
        "Díganos qué es en «¿Cómo está?» o llámenos. Ahí alguien lo lee.",
        is_off=True,
    ),
    _help(
        _W,
        _R.HEAT,
        "Walk early or in the evening, or indoors. Two short walks are as good as one.",
        "Camine temprano o al anochecer, o bajo techo. Dos caminatas cortas valen igual que una.",
    ),
    _help(
        _W,
        _R.FORGOT,
        "If the day is not over, a walk now still counts. Otherwise go on tomorrow.",
        "Si el día no ha terminado, una caminata ahora todavía cuenta. Si no, siga mañana.",
    ),
    _help(
        _W,
        _R.OTHER,
        "If walking hurts or you feel unwell, tell us in “How are you?” or call us.",
        "Si caminar le duele o no se siente bien, díganoslo en «¿Cómo está?» o llámenos.",
    ),
)
SHIPPED: dict[str, Words] = {words.key: words for words in (*COURSE, *HELPS)}


def all_words() -> list[Words]:
    """Every text as it stands: the clinic's newest, otherwise the shipped one, hidden ones included. One query."""
    standing = dict(SHIPPED)
    for row in _CHANGED.rows():
        key, number, first_day, last_day, en, es, is_shown = row
        shipped = SHIPPED.get(key)
        standing[key] = Words(
            key=key,
            first_day=first_day,
            last_day=last_day,
            en=en,
            es=es,
            # Under words of the clinic's own the source of other words would vouch for them.
            source=shipped.source if shipped and (en, es) == (shipped.en, shipped.es) else "",
            number=number,
            is_shown=is_shown,
        )
    return list(standing.values())


def _changed() -> QuerySet[Any, tuple[Any, ...]]:
    rows = CourseText.objects.order_by("key", "number")
    return rows.values_list("key", "number", "first_day", "last_day", "text_en", "text_es", "is_shown")


_CHANGED = Prepared(_changed)


def expected_on(days: Collection[int], words: Iterable[Words]) -> tuple[list[Words], list[Words]]:
    """What holds on any of these days since a session, and what may come later, by its first day.

    Several days, because the course of an earlier session goes on beside that of the newest.
    """
    told = [each for each in words if each.is_shown and not each.is_help]
    now = [each for each in told if any(each.holds_on(day) for day in days)]
    newest = min(days, default=None)
    if newest is None:
        return [], []
    later = [each for each in told if each not in now and each.first_day > newest]
    return now, sorted(later, key=lambda each: each.first_day)


def help_with(task: str, reason: str, words: Iterable[Words], *, is_off: bool = False) -> Words | None:
    """The tip for a reason; `is_off`: the stocking is not on, so that nothing tells to keep it on."""
    key = help_key(task, reason, is_off=is_off and task == Tick.Task.STOCKING)
    return next((each for each in words if each.key == key and each.is_shown), None)


def promise_in(text: str) -> str:
    """The first word of the text that promises what nobody can keep, or nothing."""
    found = _PROMISES.search(text)
    return found.group() if found else ""


def next_own_key(words: Sequence[Words]) -> str:
    """A key for a text that the clinic adds: `own-1`, `own-2`, …"""
    taken = {each.key for each in words}
    return next(f"{OWN}{number}" for number in range(1, len(taken) + 2) if f"{OWN}{number}" not in taken)


@retried
def save_words(*, wanted: Words, after: int, by: User, now: datetime | None = None) -> CourseText:
    """A new row of `wanted.key` with the next number; what was there stays. `after` is the number that the page showed.

    `Stale` when somebody saved meanwhile; `Refused` for a promise, a missing language, days that do not fit, or when
    nothing changed.
    """
    wanted = _checked(wanted)
    standing = {each.key: each for each in all_words()}
    former = standing.get(wanted.key)
    if former is None and len([key for key in standing if key.startswith(OWN)]) >= MOST_OWN:
        raise Refused(f"There are {MOST_OWN} texts of your own already. Change or show one of them.", rule="many")
    if (former.number if former else 0) != after:
        raise Stale("A colleague saved this text meanwhile. Read it, then change it if you still want to.")
    if former is not None and former == replace(wanted, number=former.number, source=former.source):
        raise Refused("Nothing was changed.", rule="same")
    try:
        return _write(wanted, number=after + 1, by=by, now=now or timezone.now())
    except IntegrityError as error:
        raise Stale("A colleague saved this text at this moment. Read it first.") from error


@transaction.atomic
def _write(wanted: Words, *, number: int, by: User, now: datetime) -> CourseText:
    row = CourseText.objects.create(
        key=wanted.key,
        number=number,
        first_day=wanted.first_day,
        last_day=wanted.last_day,
        text_en=wanted.en,
        text_es=wanted.es,
        is_shown=wanted.is_shown,
        saved_at=now,
        saved_by=by,
    )
    audit.record("aftercare words saved", by=by, subject=row, key=wanted.key, number=number, shown=wanted.is_shown)
    return row


def _checked(wanted: Words) -> Words:
    wanted = replace(wanted, en=" ".join(wanted.en.split()), es=" ".join(wanted.es.split()))
    for field, text, name in (("text_en", wanted.en, "English"), ("text_es", wanted.es, "Spanish")):
        if not text:
            raise Refused(f"Write the text in {name} too.", rule="language", field=field)
        if len(text) > LONGEST_TEXT:
            raise Refused(
                f"Shorten the text in {name} to {LONGEST_TEXT} characters; it has {len(text)}.",
                rule="length",
                field=field,
            )
        if promise := promise_in(text):
            words = f"“{promise}” promises what nobody can keep. Say what people usually see instead."
            raise Refused(words, rule="promise", field=field)
    if not 0 <= wanted.first_day <= LAST_DAY_OF_ALL:
        raise Refused(f"Enter a first day from 0 to {LAST_DAY_OF_ALL}.", rule="days", field="first_day")
    if wanted.last_day is not None and not wanted.first_day <= wanted.last_day <= LAST_DAY_OF_ALL:
        raise Refused("Enter a last day that is not before the first.", rule="days", field="last_day")
    return wanted
