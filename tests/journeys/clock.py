"""The clock of a journey: the server's and, where a page counts time itself, the browser's, moved together."""

from datetime import timedelta

from django.utils import timezone

from tests.makers import at


class Clock:
    """Time goes on by itself, and jumps where a journey says so. Wall-clock times are New York's."""

    def __init__(self, traveller):
        self.traveller, self.pages = traveller, []

    def shows(self, wall_time):
        """Jump to a time of which no open page needs to know: the people come back and look anew."""
        self.traveller.move_to(at(wall_time))

    def hangs_over(self, page):
        """Let the page's own clock go with ours from now on."""
        page.clock.install(time=timezone.now())
        self.pages.append(page)

    def passes(self, *, minutes):
        """Let time pass for the server and on the pages.

        Nothing may be under way at this moment: its time limit would run out.
        """
        self.traveller.shift(timedelta(minutes=minutes))
        for page in self.pages:
            page.clock.fast_forward(minutes * 60 * 1000)
