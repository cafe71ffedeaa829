"""What a photograph shows, in words, for templates."""

from django import template

from sessions_app.presenters.photographs import alt_words, place_words

register = template.Library()
register.filter(alt_words)
register.filter(place_words)
