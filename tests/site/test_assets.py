"""Front-end files: what is copied, what is dropped, and that the fonts are ones that typst reads (not woff2)."""

from pathlib import Path

import pytest
from django.conf import settings

from tests.support.loud import skip_loudly
from zhengtong.site import assets


def lay_out(modules: Path) -> None:
    for copy in (*assets.STATIC, *assets.FONTS):
        path = modules / copy.pattern.replace("*", "one")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("content", encoding="utf-8")


class TestPrepare:
    @pytest.fixture
    def checkout(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A checkout whose node_modules is already there: npm itself is outside this test."""
        for name in ("package.json", "package-lock.json"):
            (tmp_path / name).write_text("{}")
        lay_out(tmp_path / "node_modules")
        monkeypatch.setattr(assets, "_npm_ci", lambda checkout: None)
        return tmp_path

    def test_copies_once_and_again_only_when_the_lock_changed(self, checkout: Path) -> None:
        assert assets.prepare(checkout, say=str)
        assert not assets.prepare(checkout, say=str)
        (checkout / "package-lock.json").write_text('{"changed": true}')
        assert assets.prepare(checkout, say=str)

    def test_drops_source_maps_and_woff_fallbacks(self, checkout: Path) -> None:
        face = "src: url(./files/a.woff2) format('woff2'), url(./files/a.woff) format('woff');\n"
        (checkout / "node_modules/@fontsource/noto-sans-sc/400.css").write_text(face)
        (checkout / "node_modules/echarts/dist/echarts.min.js").write_text("run();\n//# sourceMappingURL=e.map\n")
        assets.prepare(checkout, say=str)
        vendor = checkout / "static_vendor" / "vendor"
        assert (vendor / "noto-sans-sc/400.css").read_text() == "src: url(./files/a.woff2) format('woff2');\n"
        assert (vendor / "echarts/echarts.min.js").read_text().strip() == "run();"

    def test_says_which_file_npm_did_not_bring(self, checkout: Path) -> None:
        (checkout / "node_modules/echarts/dist/echarts.min.js").unlink()
        with pytest.raises(assets.AssetsFailed, match=r"echarts\.min\.js"):
            assets.prepare(checkout, say=str)


class TestFonts:
    def test_are_read_by_typst(self) -> None:
        import typst

        if not settings.ZHENGTONG_FONTS.is_dir():
            skip_loudly("build/fonts is missing (`make setup` brings it): no font was tried")
        families = typst.Fonts(font_paths=[str(settings.ZHENGTONG_FONTS)], include_system_fonts=False).families()
        assert {"Noto Serif SC", "Noto Sans SC"} <= set(families)
