"""The demo clinic: invented people, told relative to the moment of the first start.

It stands in the uppermost app because it uses every layer, and it uses them as people would: through the actions, with
a clock that is moved (`clock.at`). Nothing outside `clinic.settings.demo` can run it.
"""
