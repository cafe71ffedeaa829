"""Where a session is charted, for templates."""

from django import template

from sessions_app.presenters.chart_url import chart_url

register = template.Library()
register.simple_tag(chart_url)
