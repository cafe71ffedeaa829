import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0005_chart"),
    ]

    operations = [
        migrations.AddField(
            model_name="clinic",
            name="expiry_warning_days",
            field=models.PositiveSmallIntegerField(
                default=30, validators=[django.core.validators.MaxValueValidator(366)]
            ),
        ),
    ]
