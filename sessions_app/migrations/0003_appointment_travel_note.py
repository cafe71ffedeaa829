"""What the patient said of flights, sport or sun in the days after a visit, kept with the booking."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0002_rules")]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="travel_note",
            field=models.CharField(blank=True, max_length=200, default=""),
            preserve_default=False,
        ),
    ]
