"""A link knows which page it was sent for; the links that exist lead to the page of the day, as they did."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0009_phone_hours_es"),
    ]

    operations = [
        migrations.AddField(
            model_name="portallink",
            name="leads_to",
            field=models.CharField(
                choices=[("today", "What to do now"), ("how", "How are you?")], default="today", max_length=8
            ),
        ),
        migrations.AddConstraint(
            model_name="portallink",
            constraint=models.CheckConstraint(
                condition=models.Q(("leads_to__in", ["today", "how"])), name="portal_link_leads_to_a_known_page"
            ),
        ),
    ]
