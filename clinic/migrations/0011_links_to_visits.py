"""Messages about visits lead to the patient's visits; the links that exist lead where they did."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0010_where_links_lead"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="portallink", name="portal_link_leads_to_a_known_page"),
        migrations.AlterField(
            model_name="portallink",
            name="leads_to",
            field=models.CharField(
                choices=[("today", "What to do now"), ("how", "How are you?"), ("visits", "Your visits")],
                default="today",
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            model_name="portallink",
            constraint=models.CheckConstraint(
                condition=models.Q(("leads_to__in", ["today", "how", "visits"])),
                name="portal_link_leads_to_a_known_page",
            ),
        ),
    ]
