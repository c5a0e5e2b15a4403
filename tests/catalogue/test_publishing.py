"""The life of an item: draft, review, publication by another person, change, cancellation, hand-down and take-over."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from tests.catalogue import town
from zhengtong.catalogue import actions, queries
from zhengtong.catalogue.contents import complaints_of
from zhengtong.catalogue.differences import differences
from zhengtong.catalogue.models import Item, ItemVersion
from zhengtong.catalogue.triggers import find_missing
from zhengtong.catalogue.wording import complaint_views


class TestDemonstrationItems:
    def test_are_all_published(self, ledger_db: str) -> None:
        codes = town.load_demo()
        assert len(codes) >= 60
        assert Item.objects.filter(status="published").count() == len(codes)
        assert queries.published(town.ITEM, town.DAY) == 1
        assert town.load_demo() == []
        found = queries.search("卫生许可")
        assert found.total and found.rows[0].name.startswith("公共场所卫生许可")
        bound = queries.bound_for(town.ITEM, 1, {"area": "large"})
        assert str(bound.terms["promised"]) == "12 wd"
        for code in codes:
            guide = queries.guide(code, on=town.DAY)
            assert guide is not None and guide.can_apply and len(guide.steps) >= 2, code


class TestPublish:
    def test_refuses_the_author(self, city_db: Path) -> None:
        with pytest.raises(actions.NotPossible, match="own_draft"):
            town.publish(town.content(), publisher=town.EDITOR)
        assert queries.published(town.ITEM, town.DAY) is None

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"options": ["online", "nonsense"]}, "unknown_option"),
            ({"options": ["on_spot", "preliminary"]}, "options_exclude"),
            ({"terms": {"promised": "30 wd", "undertake_step": "3 wd"}}, "parameter_too_long"),
            ({"terms": {"promised": "8 wd"}}, "parameter_missing"),
            ({"terms": {"promised": "8 wd", "undertake_step": "3 wd", "odd": "1 wd"}}, "unknown_parameter"),
            ({"posts": {}}, "role_without_post"),
            ({"terms_when": [{"when": {"area": ["large"]}, "terms": {"promised": "99 wd"}}]}, "parameter_too_long"),
            ({"procedure_version": "1999-01-01"}, "unknown_procedure"),
            ({"materials": [{"code": "m1"}]}, "shape"),
        ],
    )
    def test_refuses_what_bind_refuses(self, city_db: Path, changes: dict[str, Any], code: str) -> None:
        with pytest.raises(actions.CannotPublish) as refused:
            town.publish(town.content(**changes))
        assert code in {complaint.code for complaint in refused.value.complaints}
        assert all(view.sentence and "%" not in view.sentence for view in complaint_views(refused.value.complaints))

    def test_names_every_fault_at_once(self) -> None:
        faulty = town.content(options=["odd"], terms={"promised": "30 wd", "more": "1 wd"}, posts={})
        codes = [complaint.code for complaint in complaints_of(faulty)]
        assert {"unknown_option", "parameter_too_long", "parameter_missing", "unknown_parameter"} < set(codes)
        assert codes.count("role_without_post") > 2

    def test_needs_a_document(self, city_db: Path) -> None:
        draft = actions.create_item(content=town.content(), actor=town.EDITOR, at=town.AT)
        with pytest.raises(actions.NotPossible, match="document_needed"):
            actions.submit_for_review(version=draft, actor=town.EDITOR, at=town.AT, document=" ")

    def test_replaces_the_version_before_from_its_day(self, ledger_db: str) -> None:
        town.publish(town.content())
        item = Item.objects.get()
        draft = actions.create_draft(item=item, actor=town.EDITOR, at=town.AT)
        with pytest.raises(actions.NotPossible, match="draft_open"):
            actions.create_draft(item=item, actor=town.EDITOR, at=town.AT)
        content = {**draft.content, "terms": {**draft.content["terms"], "promised": "5 wd"}, "name": "新名称许可"}
        actions.save_draft(version=draft, content=content, expected=draft.digest, actor=town.EDITOR, at=town.AT)
        actions.submit_for_review(
            version=draft, actor=town.EDITOR, at=town.AT, document="清政办〔2026〕4号", note="压缩"
        )
        day = town.DAY + timedelta(days=10)
        actions.publish(version=draft, actor=town.PUBLISHER, at=town.AT, effective_from=day)
        assert queries.published(town.ITEM, day - timedelta(days=1)) == 1
        assert queries.published(town.ITEM, day) == 2
        assert str(queries.bound_for(town.ITEM, 1, {}).terms["promised"]) == "8 wd"
        assert str(queries.bound_for(town.ITEM, 2, {}).terms["promised"]) == "5 wd"
        found = {one.path: (one.before, one.after) for one in differences(queries.content(town.ITEM, 1), content)}
        assert found["terms.promised"] == ("8 个工作日", "5 个工作日")
        assert found["name"][1] == "新名称许可" and len(found) == 2
        assert queries.search("新名称许可").total == 1
        assert [change.kind for change in item.changes.order_by("pk")] == ["new", "change"]


class TestPublishedVersion:
    """The database itself keeps it, on both kinds."""

    def test_is_fixed(self, ledger_db: str) -> None:
        version = town.publish(town.content())
        assert find_missing() == ()
        rows = ItemVersion.objects.filter(pk=version.pk)
        changes: tuple[dict[str, Any], ...] = (
            {"content": {}}, {"digest": "x"}, {"version": 9}, {"effective_from": date(2020, 1, 1)}, {"status": "draft"},
            {"approved_by": "p-99"}, {"document": "另一份"},
        )  # fmt: skip
        for change in changes:
            with pytest.raises(DatabaseError), transaction.atomic():
                rows.update(**change)
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.delete()
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            verb = (
                "INSERT OR REPLACE" if ledger_db == "sqlite" else "TRUNCATE TABLE catalogue_itemversion CASCADE; INSERT"
            )
            cursor.execute(f"{verb} INTO catalogue_itemversion SELECT * FROM catalogue_itemversion")
        rows.update(status="retired", retired_on=town.DAY)
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(status="published")


class TestChange:
    def order(self, days: int = 0, document: str = "清府发〔2026〕8号") -> actions.Order:
        return actions.Order(actor=town.PUBLISHER, at=town.AT, on=town.DAY + timedelta(days=days), document=document)

    def test_needs_a_document(self) -> None:
        with pytest.raises(actions.NotPossible, match="document_needed"):
            self.order(document=" ")

    def test_cancels_from_a_day(self, ledger_db: str) -> None:
        town.publish(town.content())
        item = Item.objects.get()
        actions.cancel(item=item, order=self.order(5))
        assert queries.published(town.ITEM, town.DAY + timedelta(days=4)) == 1
        assert queries.published(town.ITEM, town.DAY + timedelta(days=5)) is None
        guide = queries.guide(town.ITEM, on=town.DAY + timedelta(days=5))
        assert guide is not None and not guide.can_apply and "取消" in guide.refusal_words
        assert queries.search("卫生许可").total == 1
        assert actions.end_cancelled(town.DAY + timedelta(days=5)) == 1
        assert queries.search("卫生许可").total == 0
        with pytest.raises(actions.NotPossible, match="cancelled"):
            actions.cancel(item=item, order=self.order())
        with pytest.raises(actions.NotPossible, match="cancelled"):
            actions.create_draft(item=Item.objects.get(), actor=town.EDITOR, at=town.AT)

    def test_suspends_and_resumes(self, city_db: Path) -> None:
        town.publish(town.content())
        item = Item.objects.get()
        actions.suspend(item=item, order=self.order())
        assert queries.published(town.ITEM, town.DAY) is None
        with pytest.raises(actions.NotPossible, match="not_published"):
            actions.suspend(item=item, order=self.order())
        actions.resume(item=item, order=self.order())
        assert queries.published(town.ITEM, town.DAY) == 1

    def test_hands_down_only_to_whoever_takes_over(self, city_db: Path) -> None:
        town.publish(town.content())
        item = Item.objects.get()
        posts = {"window": {"post": "zj-w", "unit": "zj-w", "dept": "zj"}}
        with pytest.raises(actions.NotPossible, match="not_handed_down"):
            actions.take_over(item=item, department="zj", posts=posts, order=self.order())
        with pytest.raises(actions.NotPossible, match="same_department"):
            actions.hand_down(item=item, to_department="wj", order=self.order())
        actions.hand_down(item=item, to_department="zj", order=self.order(3))
        with pytest.raises(actions.NotPossible, match="not_handed_down"):
            actions.take_over(item=item, department="mz", posts=posts, order=self.order(3))
        with pytest.raises(actions.NotPossible, match="before_hand_down"):
            actions.take_over(item=item, department="zj", posts=posts, order=self.order(2))
        draft = actions.take_over(item=item, department="zj", posts=posts, order=self.order(3))
        assert (draft.version, draft.content["department"], draft.content["posts"]) == (2, "zj", posts)
        assert queries.published(town.ITEM, town.DAY) == 1


class TestRequirements:
    def test_are_exact_for_a_situation(self) -> None:
        content = town.content()
        plain = queries.requirements(content, {"trade": "inn", "air": "no", "area": "small"})
        cooled = queries.requirements(content, {"trade": "pool", "air": "yes", "area": "large"})
        assert {line.code for line in cooled.materials} - {line.code for line in plain.materials} == {"m6", "m7"}
        assert (plain.promised, cooled.promised, cooled.legal) == ("8 wd", "12 wd", "20 wd")
        assert [line.because for line in cooled.materials if line.code == "m6"] == [(("air", "yes"),)]
        english = queries.requirements(content, {}, english=True)
        assert english.materials[0].name == "Application form"

    def test_are_kept_by_digest(self, city_db: Path) -> None:
        town.publish(town.content())
        assert queries.bound_for(town.ITEM, 1, {"air": "yes"}) is queries.bound_for(town.ITEM, 1, {"air": "yes"})
        with pytest.raises(queries.UnknownItemVersion):
            queries.item_version(town.ITEM, 2)
