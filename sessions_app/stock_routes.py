"""Addresses of the stock of ampoules."""

from django.urls import path

from sessions_app.views import stock

PATTERNS: list = [
    path("stock/", stock.overview, name="stock"),
    path("stock/receive/", stock.receive, name="stock_receive"),
    path("stock/products/new/", stock.product_new, name="stock_product_new"),
    path("stock/products/<uuid:public_id>/", stock.product, name="stock_product"),
    path("stock/patients/", stock.lot_patients, name="lot_patients"),
    path("stock/lots/<uuid:public_id>/", stock.lot, name="stock_lot"),
    path("stock/lots/<uuid:public_id>/today/", stock.use_today, name="stock_use_today"),
    path("stock/lots/<uuid:public_id>/offer-again/", stock.offer_again, name="stock_offer_again"),
]
