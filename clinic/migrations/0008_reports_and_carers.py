"""Timers of patients' reports; carers, who are no staff; the task of a stocking that does not work."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0007_audit_review'),
    ]

    operations = [
        migrations.AddField(
            model_name='clinic',
            name='report_emergency_minutes',
            field=models.PositiveSmallIntegerField(default=5, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(60)]),
        ),
        migrations.AddField(
            model_name='clinic',
            name='report_same_day_minutes',
            field=models.PositiveSmallIntegerField(default=240, validators=[django.core.validators.MinValueValidator(15), django.core.validators.MaxValueValidator(480)]),
        ),
        migrations.AlterField(
            model_name='stafftask',
            name='kind',
            field=models.CharField(choices=[('message_failed', 'Message failed'), ('message_expired', 'Message too late, not sent'), ('message_uncertain', 'Message may not have arrived'), ('message_unreachable', 'No way to reach the patient'), ('visit_outside_hours', 'Visit outside of the hours'), ('visit_move_asked', 'Patient asks for another time'), ('override_to_review', 'Lifted block to review'), ('adverse_event', 'Adverse event to look at'), ('stocking_help', 'Stocking does not work')], max_length=24),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('roles__contains', '|carer|'), _negated=True), ('roles', '|carer|'), _connector='OR'), name='user_carer_is_not_staff'),
        ),
    ]
