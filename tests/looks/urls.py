"""The product's addresses, and a few pages that only these tests have."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template import RequestContext, Template
from django.urls import path

from clinic.access import public
from clinic.urls import urlpatterns as product

TRIED = """{% extends "staff.html" %}{% load legwork crispy_forms_filters %}
{% block title %}Tried{% endblock %}
{% block heading %}<div class="page-head"><div><h1>Tried</h1></div></div>{% endblock %}
{% block content %}
<a class="btn btn-primary" href="/looks/dialog/" hx-get="/looks/dialog/" hx-target="#dialog-frame" data-key="b">Book</a>
<form method="post" action="/looks/save/">{% csrf_token %}<button class="btn" type="submit">Save</button></form>
<form class="form-stack" method="post" action="/looks/tried/" novalidate>{% csrf_token %}
{{ form|crispy }}<button class="btn" type="submit">Send</button></form>
<p id="saved">{{ saved }}</p>
{% endblock %}"""
DIALOG = """{% extends "components/dialog.html" %}{% block shape %}sm{% endblock %}
{% block form_attributes %}method="post" action="." hx-post="/looks/dialog/" hx-target="#dialog-frame"{% endblock %}
{% block content %}
<div class="field"><label class="form-label" for="why">Reason</label><input class="form-control" id="why"></div>
{% endblock %}
{% block foot %}<button class="btn btn-primary" type="submit">Cancel the visit</button>{% endblock %}"""
PATIENT = """{% extends "patient.html" %}{% load legwork %}{% block title %}Today{% endblock %}
{% block content %}<h1>Stocking on</h1>{% endblock %}
{% block bottom_bar %}<a class="btn btn-primary btn-lg" href="/">How are you?</a>{% endblock %}"""

SAVED: list[str] = []


class Tried(forms.Form):
    injections = forms.IntegerField(
        label="Injections", initial=8, widget=forms.NumberInput(attrs={"data-stepper": "1", "min": 1, "max": 9})
    )
    note = forms.CharField(label="Note", error_messages={"required": "Write a note"})


def _page(request, source, **context):
    return HttpResponse(Template(source).render(RequestContext(request, context)))


@public
def gallery(request):
    return render(request, "components/gallery.html")


@public
def tried(request):
    return _page(request, TRIED, form=Tried(request.POST or None), saved=len(SAVED))


@public
def save(request):
    SAVED.append(request.method)
    messages.success(request, "Saved.", extra_tags="undo:/looks/undo/")
    return redirect("/looks/tried/")


@public
def undo(request):
    SAVED.clear()
    messages.success(request, "Undone.")
    return redirect("/looks/tried/")


@public
def dialog(request):
    if request.method == "POST":
        response = HttpResponse("")
        response["HX-Trigger"] = '{"toast": {"text": "Cancelled.", "undo": "/looks/undo/"}}'
        return response
    return _page(request, DIALOG, dialog_title="Cancel this visit?")


@public
def patient(request):
    return _page(request, PATIENT)


@public
def error(request, number):
    return render(request, f"{number}.html", status=200)


urlpatterns = [
    path("looks/gallery/", gallery),
    path("looks/tried/", tried),
    path("looks/save/", save),
    path("looks/undo/", undo),
    path("looks/dialog/", dialog),
    path("looks/patient/", patient),
    path("looks/error/<str:number>/", error),
    *product,
]
