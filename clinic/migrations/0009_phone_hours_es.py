"""When somebody answers the telephone, in Spanish too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0008_reports_and_carers"),
    ]

    operations = [
        migrations.AddField(
            model_name="clinic",
            name="phone_hours_es",
            field=models.CharField(
                blank=True, help_text="The same in Spanish, for example Lun a vie 8:00 a 18:00", max_length=80
            ),
        ),
    ]
