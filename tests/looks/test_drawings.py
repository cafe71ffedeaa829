"""Drawings are right in numbers and can be read without being seen."""

import re

from django.template import Context, Template

from clinic.protocol.vocabulary import Leg, Segment
from clinic.templatetags import leg_places, leg_shapes, plan_layout


def rendered(source, **context):
    return Template("{% load legwork drawings %}" + source).render(Context(context))


def picture(**changes):
    return {
        "days": 28,
        "ticks": [(0, "13 Jan"), (7, "20 Jan")],
        "today": 2.5,
        "rows": [
            {
                "name": "Stocking",
                "note": "until Tue 3 Feb",
                "bands": [
                    {"kind": "continuous", "start": 0, "end": 7, "label": "Day and night", "short": "Day + night"},
                    {"kind": "daytime", "start": 7, "end": 21, "label": "By day"},
                ],
            },
            {"name": "Walk", "walks": [{"at": 1.5, "done": True}, {"at": 2.5}]},
        ],
        "text": "Stocking day and night until Tue 20 Jan 10:30.",
        **changes,
    }


def test_leg_map_has_every_place_of_the_protocol_once_for_the_keyboard():
    html = rendered('{% leg_map url="/sites/new/" %}')

    reachable = re.findall(r'<a class="seg [^"]*" href="([^"]+)" aria-label="([^"]+)"', html)

    wanted = {
        (f"/sites/new/?leg={leg}&amp;segment={segment}", f"{leg.capitalize()} {leg_places.SEGMENT_NAMES[segment]}")
        for leg in Leg
        for segment in Segment
    }
    assert (len(reachable), set(reachable)) == (24, wanted)


def test_leg_map_shows_a_place_in_every_view_where_it_can_be_seen():
    views = {view.code: [place.segment for place in view.places] for view in leg_shapes.views()}

    assert views == {
        "front": ["thigh_anterior", "knee", "calf_anterior", "ankle", "foot"],
        "inner": ["thigh_medial", "knee", "calf_medial", "ankle", "foot"],
        "outer": ["thigh_lateral", "knee", "calf_lateral", "ankle", "foot"],
        "back": ["thigh_posterior", "popliteal", "calf_posterior", "ankle", "foot"],
    }


def test_leg_map_says_what_is_marked_at_a_place():
    marks = [
        {"leg": Leg.RIGHT, "segment": Segment.CALF_LATERAL, "kind": "open", "text": 3},
        {"leg": "right", "segment": "calf_lateral", "kind": "last", "text": 2},
    ]

    html = rendered('{% leg_map marks=marks url="/x/" %}', marks=marks)

    assert 'aria-label="Right calf, lateral. Site 3 today, open. Treated in session 2"' in html


def test_leg_map_without_address_is_a_picture_in_words():
    marks = [{"leg": "left", "segment": "foot", "kind": "event", "text": "!", "note": "Event: ulcer"}]

    html = rendered("{% leg_map marks=marks %}", marks=marks)

    assert ('role="img" aria-label="Leg map: Left foot. Event: ulcer"' in html, "<a " in html) == (True, False)


def test_left_leg_is_the_mirror_image_of_the_right():
    marks = [{"leg": leg, "segment": "calf_medial", "kind": "today", "text": 1} for leg in ("right", "left")]

    rows = leg_places.map_rows("", leg_places.by_place(marks))

    at = [next(mark["x"] for view in row["views"] for mark in view["marks"]) for row in rows]
    assert float(at[0]) + float(at[1]) == leg_shapes.CELL_WIDTH


def test_leg_list_has_the_same_places_as_the_map():
    html = rendered('{% leg_list "/x/?session=7" %}')

    assert len(re.findall(r'href="/x/\?session=7&amp;leg=', html)) == 24


def test_bands_of_a_plan_meet_at_the_same_moment():
    stocking = plan_layout.layout(picture(), "wide").rows[0].bands

    # 28 days on 590 units beside 170 units of names; neighbours leave a gap of 1.5.
    assert [(band.x, band.width) for band in stocking] == [("170.0", "146.0"), ("317.5", "293.5")]


def test_plan_on_a_phone_writes_no_word_that_does_not_fit():
    rows = picture()["rows"]
    rows.append({"name": "Short", "bands": [{**rows[0]["bands"][0], "end": 3}]})

    drawn = plan_layout.layout(picture(rows=rows), "narrow")

    assert [[band.label for band in row.bands] for row in drawn.rows] == [["Day + night", "By day"], [], [""]]


def test_plan_says_in_a_key_what_a_band_means_that_is_too_short_for_its_words():
    rows = picture()["rows"]
    short = {**rows[0]["bands"][0], "end": 3}
    rows[0]["bands"] = [short, {**rows[0]["bands"][1], "start": 3}, {**short, "start": 14, "end": 17}]

    drawn = plan_layout.layout(picture(rows=rows), "narrow")

    assert [(each.kind, each.label) for each in drawn.key] == [("continuous", "Day and night")]
    assert float(drawn.key[0].y) + drawn.key[0].height <= drawn.height
    assert 'class="plan-key"' in rendered('{% plan_picture plan "narrow" "mine" %}', plan=picture(rows=rows))


def test_plan_whose_bands_have_room_for_their_words_needs_no_key():
    assert plan_layout.layout(picture(), "narrow").key == []


def test_today_line_on_a_phone_leaves_the_row_names_free():
    drawn = plan_layout.layout(picture(), "narrow")

    overlaps = [row.name.words for row in drawn.rows if float(row.today[0]) <= float(row.name.y) - 9]

    assert overlaps == []


def test_plan_is_described_by_its_text():
    html = rendered('{% plan_picture plan "narrow" "mine" %}', plan=picture())

    assert ('aria-labelledby="mine-text"' in html, "Stocking day and night until Tue 20 Jan 10:30.</p>" in html) == (
        True,
        True,
    )


def test_plan_without_today_draws_no_line():
    assert "today" not in rendered('{% plan_picture plan "wide" %}', plan=picture(today=None))


def test_labels_over_the_axis_never_touch():
    drawn = plan_layout.layout(picture(ticks=[(day, "13 Jan") for day in range(28)]), "narrow")

    assert [tick.words for tick in drawn.ticks].count("13 Jan") == 7


def test_ring_shows_the_share_that_is_left():
    html = rendered('{% ring 118 168 number="4" caption="days" label="4 days and 22 hours left of 7 days" %}')

    assert ('stroke-dasharray="70 100"' in html, 'aria-label="4 days and 22 hours left of 7 days"' in html) == (
        True,
        True,
    )


def test_meter_stops_at_its_end():
    assert 'class="meter-fill" width="100.0"' in rendered('{% meter "10.1" 10 %}')


def test_window_bar_turns_late_on_its_last_day():
    bars = [rendered('{% window_bar opens ends "Window" %}', opens=ends - 7, ends=ends) for ends in (1, 0, -1)]

    assert ["window-late" in bar for bar in bars] == [False, True, True]


def test_numbers_in_drawings_keep_their_point_in_every_language(settings):
    settings.LANGUAGE_CODE = "es"

    assert re.findall(r'\d,\d+"', rendered('{% plan_picture plan "wide" %}{% leg_map %}', plan=picture())) == []


def test_initials_leave_titles_out():
    names = ["Dr Beatrix Alderman", "Ada Birchwood", "Cher", "Wren Appleyard-Moss", ""]

    assert [rendered("{{ name|initials }}", name=name) for name in names] == ["BA", "AB", "C", "WA", ""]


def test_status_is_a_shape_and_a_word_and_a_colour():
    html = rendered('{% status "no_show" %}')

    assert ("#i-circle-slash" in html, "tag-noshow" in html, "No-show</span>" in html) == (True, True, True)
