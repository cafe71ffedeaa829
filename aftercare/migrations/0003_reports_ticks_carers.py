"""What patients report and tick, who may look with them, and the clinic's words on what is normal."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from clinic.database_rules import InstallRules, RemoveRules


class Migration(migrations.Migration):

    dependencies = [
        ('aftercare', '0002_rules'),
        ('clinic', '0008_reports_and_carers'),
        ('sessions_app', '0009_adverse_versions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        RemoveRules(),
        migrations.CreateModel(
            name='SymptomReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('request_key', models.UUIDField(unique=True)),
                ('source', models.CharField(choices=[('portal', "on the patient's page"), ('carer', 'by a carer'), ('phone', 'by phone')], max_length=8)),
                ('reporter_words', models.CharField(blank=True, max_length=120)),
                ('reported_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('language', models.CharField(default='en', max_length=5)),
                ('symptoms', models.JSONField(default=list)),
                ('affirmed', models.JSONField(default=list)),
                ('denied', models.JSONField(default=list)),
                ('leg', models.CharField(blank=True, max_length=5)),
                ('free_text', models.TextField(blank=True, max_length=2000)),
                ('day', models.PositiveIntegerField(null=True)),
                ('level', models.CharField(choices=[('EMERGENCY', 'Emergency'), ('SAME_DAY', 'Same day'), ('NEXT_DAY', 'Next day'), ('REASSURE', 'Expected')], max_length=10)),
                ('because', models.JSONField(default=list)),
                ('told', models.TextField(blank=True)),
                ('due_at', models.DateTimeField()),
                ('version', models.PositiveIntegerField(default=1)),
                ('taken_at', models.DateTimeField(null=True)),
                ('reminded_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('outcome', models.CharField(blank=True, choices=[('advised', 'Advised, nothing more'), ('visit', 'Comes to the clinic'), ('scan', 'Duplex scan'), ('sent_on', 'Sent to an emergency department'), ('treated_elsewhere', 'Treated elsewhere'), ('mistake', 'Reported by mistake')], max_length=20)),
                ('closing_note', models.CharField(blank=True, max_length=500)),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('given_to', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='clinic.patient')),
                ('protocol_version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinic.protocolversion')),
                ('reported_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('session', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='sessions_app.treatmentsession')),
                ('taken_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ReportStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(choices=[('taken', 'Taken'), ('reached', 'Reached'), ('no_answer', 'No answer'), ('noted', 'Noted'), ('handed_over', 'Handed over'), ('escalated', 'Escalated'), ('closed', 'Closed')], max_length=12)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('words', models.CharField(blank=True, max_length=500)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('to', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('report', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='aftercare.symptomreport')),
            ],
            options={
                'ordering': ['at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='ReportNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('written_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('claimed_at', models.DateTimeField(null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('retry_at', models.DateTimeField(null=True)),
                ('refused_at', models.DateTimeField(null=True)),
                ('to_all', models.BooleanField(default=False)),
                ('to', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('report', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='aftercare.symptomreport')),
            ],
        ),
        migrations.CreateModel(
            name='Tick',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('request_key', models.UUIDField(unique=True)),
                ('date', models.DateField()),
                ('task', models.CharField(choices=[('stocking', 'Stocking'), ('walk', 'Walk')], max_length=8)),
                ('answer', models.CharField(choices=[('yes', 'Yes'), ('part', 'In part'), ('no', 'No')], max_length=4)),
                ('reason', models.CharField(blank=True, choices=[('heat', 'Too warm'), ('too_tight', 'Too tight'), ('slips', 'Too loose or slips'), ('hard_to_put_on', 'Hard to put on'), ('skin', 'Skin is sore or itches'), ('forgot', 'Forgot'), ('other', 'Something else')], max_length=16)),
                ('given_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('given_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ticks', to='clinic.patient')),
            ],
        ),
        migrations.CreateModel(
            name='Carer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('language', models.CharField(default='en', max_length=5)),
                ('may_report', models.BooleanField(default=False)),
                ('added_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ended_at', models.DateTimeField(null=True)),
                ('added_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='carers', to='clinic.patient')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cares_as', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('patient', 'user'), name='carer_once_living'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('ended_by__isnull', True)), models.Q(('ended_at__isnull', False), ('ended_by__isnull', False)), _connector='OR'), name='carer_ended_by_somebody')],
            },
        ),
        migrations.CreateModel(
            name='CourseText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(max_length=40)),
                ('number', models.PositiveSmallIntegerField()),
                ('first_day', models.PositiveSmallIntegerField(default=0)),
                ('last_day', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('text_en', models.CharField(max_length=300)),
                ('text_es', models.CharField(max_length=300)),
                ('is_shown', models.BooleanField(default=True)),
                ('saved_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('saved_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('key', 'number'), name='course_text_number_once'), models.CheckConstraint(condition=models.Q(('last_day__isnull', True), ('last_day__gte', models.F('first_day')), _connector='OR'), name='course_text_days')],
            },
        ),
        migrations.AddIndex(
            model_name='symptomreport',
            index=models.Index(fields=['patient', '-reported_at'], name='report_of_patient'),
        ),
        migrations.AddIndex(
            model_name='symptomreport',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['due_at'], name='report_open'),
        ),
        migrations.AddIndex(
            model_name='symptomreport',
            index=models.Index(condition=models.Q(('closed_at__isnull', False)), fields=['-closed_at'], name='report_closed'),
        ),
        migrations.AddConstraint(
            model_name='symptomreport',
            constraint=models.CheckConstraint(condition=models.Q(('level__in', ['EMERGENCY', 'SAME_DAY', 'NEXT_DAY', 'REASSURE'])), name='report_level_known'),
        ),
        migrations.AddConstraint(
            model_name='symptomreport',
            constraint=models.CheckConstraint(condition=models.Q(('due_at__gte', models.F('reported_at'))), name='report_due_after'),
        ),
        migrations.AddConstraint(
            model_name='symptomreport',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('taken_at__isnull', True), ('taken_by__isnull', True)), models.Q(('taken_at__isnull', False), ('taken_by__isnull', False)), _connector='OR'), name='report_taken_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='symptomreport',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('closed_by__isnull', True)), models.Q(('closed_at__isnull', False), ('closed_by__isnull', False), models.Q(('closing_note', ''), _negated=True), models.Q(('outcome', ''), _negated=True)), _connector='OR'), name='report_closed_with_note'),
        ),
        migrations.AddIndex(
            model_name='reportnotice',
            index=models.Index(condition=models.Q(('sent_at__isnull', True)), fields=['written_at'], name='report_notice_unsent'),
        ),
        migrations.AddConstraint(
            model_name='reportnotice',
            constraint=models.UniqueConstraint(fields=('report', 'number'), name='report_notice_once'),
        ),
        migrations.AddIndex(
            model_name='tick',
            index=models.Index(fields=['patient', 'date', 'task', '-given_at'], name='tick_of_patient'),
        ),
        migrations.AddConstraint(
            model_name='tick',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer', 'yes'), _negated=True), ('reason', ''), _connector='OR'), name='tick_reason_not_for_yes'),
        ),
        InstallRules(),
    ]
