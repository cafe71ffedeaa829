"""Fixtures that several test folders share; tests/conftest.py loads each module as a pytest plugin."""
