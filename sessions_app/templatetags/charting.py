"""Where a session is charted, and what is open of it, for templates."""

from django import template

from sessions_app.charting import Chart
from sessions_app.presenters.chart_url import chart_url
from sessions_app.presenters.event_strip import StripLine, strip_lines

register = template.Library()
register.simple_tag(chart_url)


@register.simple_tag
def open_events(chart: Chart) -> list[StripLine]:
    return strip_lines(chart)
