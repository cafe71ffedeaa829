"""A stocking can be lost, torn or wet; nothing in the database changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("aftercare", "0005_everything_is_fine"),
    ]

    operations = [
        migrations.AlterField(
            model_name="tick",
            name="reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("heat", "Too warm"),
                    ("too_tight", "Too tight"),
                    ("slips", "Too loose or slips"),
                    ("hard_to_put_on", "Hard to put on"),
                    ("skin", "Skin is sore or itches"),
                    ("lost", "Lost, torn or wet"),
                    ("forgot", "Forgot"),
                    ("other", "Something else"),
                ],
                max_length=16,
            ),
        ),
    ]
