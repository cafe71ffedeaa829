"""That everything is fine is an answer too; nothing in the database changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("aftercare", "0004_refused_address"),
    ]

    operations = [
        migrations.AlterField(
            model_name="tick",
            name="task",
            field=models.CharField(
                choices=[("stocking", "Stocking"), ("walk", "Walk"), ("well", "Everything is fine")], max_length=8
            ),
        ),
    ]
