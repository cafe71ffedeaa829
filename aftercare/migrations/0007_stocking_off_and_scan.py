"""A clinician's word that the stocking stays off for a while, and when and where a scan is."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from clinic.database_rules import InstallRules, RemoveRules


class Migration(migrations.Migration):

    dependencies = [
        ('aftercare', '0006_lost_stocking'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        RemoveRules(),  # the table of reports is built anew on SQLite
        migrations.AddField(
            model_name='symptomreport',
            name='scan_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='symptomreport',
            name='scan_place',
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.CreateModel(
            name='StockingOff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on_again_at', models.DateTimeField(null=True)),
                ('said_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('report', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stocking_off', to='aftercare.symptomreport')),
                ('said_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('report',), name='stocking_off_once'), models.CheckConstraint(condition=models.Q(('on_again_at__isnull', True), ('on_again_at__gt', models.F('said_at')), _connector='OR'), name='stocking_off_for_a_while'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('ended_by__isnull', True)), models.Q(('ended_at__isnull', False), ('ended_by__isnull', False)), _connector='OR'), name='stocking_off_ended_by_somebody')],
            },
        ),
        InstallRules(),
    ]
