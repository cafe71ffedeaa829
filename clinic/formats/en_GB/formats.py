"""Dates with the weekday, times in 24 hours; input as ISO first, as browsers send it."""

DATE_FORMAT = "D j M Y"
SHORT_DATE_FORMAT = "D j M"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "D j M, H:i"
FIRST_DAY_OF_WEEK = 1
DECIMAL_SEPARATOR = "."
