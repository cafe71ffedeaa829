"""Addresses of the queue of reports."""

from django.urls import path

from aftercare.views import queue

PATTERNS = [
    path("queue/", queue.queue, name="queue"),
    path("queue/list/", queue.queue_list, name="queue_list"),
    path("queue/<uuid:public_id>/", queue.queue_report, name="queue_report"),
    path("queue/<uuid:public_id>/take/", queue.queue_take, name="queue_take"),
    path("queue/<uuid:public_id>/take-over/", queue.queue_take_over, name="queue_take_over"),
    path("queue/<uuid:public_id>/save/", queue.queue_save, name="queue_save"),
    path("queue/<uuid:public_id>/hand-over/", queue.queue_hand_over, name="queue_hand_over"),
    path("queue/<uuid:public_id>/stocking-on/", queue.queue_stocking_on, name="queue_stocking_on"),
    path("queue/<uuid:public_id>/close/", queue.queue_close, name="queue_close"),
]
