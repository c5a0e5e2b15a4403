"""The life of an item: draft, review, publication by another person, change, cancellation, hand-down and take-over."""

from tests.catalogue import town
from zhengtong.catalogue import queries
from zhengtong.catalogue.models import Item


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
