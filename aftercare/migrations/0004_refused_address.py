"""A notice knows the address that was refused; one of before does not, and is tried once more."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("aftercare", "0003_reports_ticks_carers"),
    ]

    operations = [
        migrations.AddField(
            model_name="reportnotice",
            name="refused_address",
            field=models.EmailField(blank=True, max_length=254),
        ),
    ]
