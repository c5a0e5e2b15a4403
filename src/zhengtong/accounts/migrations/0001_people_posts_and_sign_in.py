import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import zhengtong.accounts.references
import zhengtong.accounts.sealed_fields


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("login", models.CharField(max_length=60, unique=True)),
                ("kind", models.CharField(choices=[("staff", "工作人员"), ("citizen", "办事人")], max_length=8)),
                ("is_active", models.BooleanField(default=True)),
                ("is_reference_administrator", models.BooleanField(default=False)),
                ("language", models.CharField(blank=True, default="", max_length=10)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("locked_until", models.DateTimeField(blank=True, null=True)),
                ("totp_secret", zhengtong.accounts.sealed_fields.SealedTextField(blank=True, default="")),
                ("totp_enrolled", models.BooleanField(default=False)),
                ("totp_last_step", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Mark",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("value", models.TextField(blank=True, default="")),
            ],
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=20, unique=True)),
                ("name", models.CharField(max_length=60)),
                ("name_en", models.CharField(blank=True, default="", max_length=120)),
                ("left_on", models.DateField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "people",
            },
        ),
        migrations.CreateModel(
            name="Code",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("sent_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="codes", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="account",
            name="person",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="account",
                to="accounts.person",
            ),
        ),
        migrations.CreateModel(
            name="SignIn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("typed_index", models.CharField(blank=True, default="", max_length=64)),
                ("at", models.DateTimeField(db_index=True)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("passed", "登录成功"),
                            ("halfway", "密码通过，待动态口令"),
                            ("wrong", "账号或密码不对"),
                            ("wrong_code", "动态口令不对"),
                            ("locked", "锁定期间的尝试"),
                            ("signed_out", "退出"),
                            ("expired", "闲置过久，自动退出"),
                        ],
                        max_length=10,
                    ),
                ),
                ("address", models.GenericIPAddressField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sign_ins",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Subject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "ref",
                    models.CharField(default=zhengtong.accounts.references.new_subject_ref, max_length=40, unique=True),
                ),
                ("kind", models.CharField(choices=[("natural", "个人"), ("organisation", "单位")], max_length=12)),
                ("name", zhengtong.accounts.sealed_fields.SealedTextField(blank=True, default="")),
                (
                    "certificate_kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("identity", "居民身份证"),
                            ("credit_code", "统一社会信用代码"),
                            ("passport", "护照"),
                            ("hk_macau_permit", "港澳居民来往内地通行证"),
                            ("taiwan_permit", "台湾居民来往大陆通行证"),
                            ("other", "其他证件"),
                        ],
                        default="",
                        max_length=20,
                    ),
                ),
                ("number", zhengtong.accounts.sealed_fields.SealedTextField(blank=True, default="")),
                ("number_index", models.CharField(blank=True, db_index=True, default="", max_length=64)),
                ("phone", zhengtong.accounts.sealed_fields.SealedTextField(blank=True, default="")),
                ("phone_index", models.CharField(blank=True, db_index=True, default="", max_length=64)),
                (
                    "real_name_level",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "未实名"),
                            (1, "已验证联系方式"),
                            (2, "窗口已核验证件"),
                            (3, "窗口已核验本人与证件"),
                        ],
                        default=0,
                    ),
                ),
                ("is_checked", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(blank=True, default="", max_length=60)),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="accounts.subject",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Power",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "scope",
                    models.CharField(
                        choices=[("all", "全部事项"), ("item", "一个事项"), ("case", "一个办件")], max_length=4
                    ),
                ),
                ("scope_ref", models.CharField(blank=True, default="", max_length=80)),
                ("from_on", models.DateField()),
                ("until_on", models.DateField(blank=True, null=True)),
                ("accepted_at", models.DateTimeField()),
                ("accepted_by", models.CharField(max_length=60)),
                ("accepted_post", models.CharField(blank=True, default="", max_length=60)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="powers_held", to="accounts.subject"
                    ),
                ),
                (
                    "principal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="powers_given", to="accounts.subject"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sent_at", models.DateTimeField()),
                ("title", models.CharField(max_length=80)),
                ("text", zhengtong.accounts.sealed_fields.SealedTextField()),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="messages", to="accounts.subject"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Agency",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_representative", models.BooleanField(default=False)),
                ("from_on", models.DateField()),
                ("until_on", models.DateField(blank=True, null=True)),
                ("accepted_at", models.DateTimeField()),
                ("accepted_by", models.CharField(max_length=60)),
                ("accepted_post", models.CharField(blank=True, default="", max_length=60)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="agencies_held", to="accounts.subject"
                    ),
                ),
                (
                    "firm",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agencies_given",
                        to="accounts.subject",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "agencies",
            },
        ),
        migrations.AddField(
            model_name="account",
            name="subject",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="account",
                to="accounts.subject",
            ),
        ),
        migrations.CreateModel(
            name="Territory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=12, unique=True)),
                ("name", models.CharField(max_length=60)),
                ("name_en", models.CharField(blank=True, default="", max_length=120)),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="accounts.territory",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "territories",
            },
        ),
        migrations.CreateModel(
            name="Unit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("name_en", models.CharField(blank=True, default="", max_length=160)),
                ("short_name", models.CharField(blank=True, default="", max_length=20)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("government", "人民政府"),
                            ("department", "部门"),
                            ("centre", "政务服务中心"),
                            ("section", "科室"),
                        ],
                        max_length=12,
                    ),
                ),
                ("credit_code", models.CharField(blank=True, default="", max_length=18)),
                ("closed_on", models.DateField(blank=True, null=True)),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="accounts.unit",
                    ),
                ),
                (
                    "territory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="units", to="accounts.territory"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Post",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=60, unique=True)),
                ("name", models.CharField(max_length=60)),
                ("name_en", models.CharField(blank=True, default="", max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("window", "窗口受理"),
                            ("undertake", "承办"),
                            ("review", "审核"),
                            ("approve", "审批"),
                            ("issue", "制证发证"),
                            ("head", "负责人"),
                            ("supervisor", "监察"),
                            ("administrator", "管理"),
                            ("other", "其他岗位"),
                        ],
                        max_length=14,
                    ),
                ),
                ("is_head", models.BooleanField(default=False)),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="posts", to="accounts.unit"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AuthorisationLetter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=80, unique=True)),
                ("item", models.CharField(db_index=True, max_length=60)),
                ("powers", models.JSONField(default=list)),
                ("from_on", models.DateField()),
                ("until_on", models.DateField(blank=True, null=True)),
                ("revoked_on", models.DateField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="letters",
                        to="accounts.person",
                    ),
                ),
                (
                    "post",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="letters", to="accounts.post"
                    ),
                ),
                (
                    "organ",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="letters", to="accounts.unit"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Absence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_on", models.DateField()),
                ("until_on", models.DateField()),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("leave", "休假"),
                            ("sick", "病假"),
                            ("trip", "出差"),
                            ("training", "培训"),
                            ("other", "其他"),
                        ],
                        max_length=10,
                    ),
                ),
                ("registered_at", models.DateTimeField()),
                ("registered_by", models.CharField(max_length=40)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="absences", to="accounts.person"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until_on__gte", models.F("from_on"))), name="absence_ends_after_it_begins"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Delegation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_on", models.DateField()),
                ("until_on", models.DateField()),
                ("document", models.CharField(max_length=80)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "from_person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="delegations_given",
                        to="accounts.person",
                    ),
                ),
                (
                    "to_person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="delegations_held",
                        to="accounts.person",
                    ),
                ),
                (
                    "post",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="delegations", to="accounts.post"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until_on__gte", models.F("from_on"))),
                        name="delegation_ends_after_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("from_person", models.F("to_person")), _negated=True),
                        name="delegation_to_another_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PostHolding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(choices=[("A", "A角"), ("B", "B角")], default="A", max_length=1)),
                ("from_on", models.DateField()),
                ("until_on", models.DateField(blank=True, null=True)),
                ("document", models.CharField(blank=True, default="", max_length=80)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="holdings", to="accounts.person"
                    ),
                ),
                (
                    "post",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="holdings", to="accounts.post"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until_on__isnull", True), ("until_on__gte", models.F("from_on")), _connector="OR"
                        ),
                        name="holding_ends_after_it_begins",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="subject",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("is_checked", True), ("merged_into__isnull", True), models.Q(("number_index", ""), _negated=True)
                ),
                fields=("certificate_kind", "number_index"),
                name="one_checked_subject_per_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="power",
            constraint=models.CheckConstraint(
                condition=models.Q(("scope", "all"), models.Q(("scope_ref", ""), _negated=True), _connector="OR"),
                name="power_names_its_scope",
            ),
        ),
        migrations.AddConstraint(
            model_name="power",
            constraint=models.CheckConstraint(
                condition=models.Q(("scope", "case"), ("until_on__isnull", False), _connector="OR"),
                name="power_has_an_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="agency",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_representative", True), ("until_on__isnull", False), _connector="OR"),
                name="agency_of_an_agent_has_an_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "staff"), ("person__isnull", False), ("subject__isnull", True)),
                    models.Q(
                        ("is_reference_administrator", False),
                        ("kind", "citizen"),
                        ("person__isnull", True),
                        ("subject__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="account_of_a_person_or_a_subject",
            ),
        ),
    ]
