"""The lawyer's table and the chart of every procedure, and the command that prints them."""

import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from tests.law.shelf import BASE, Shelf
from zhengtong.law.bpmn import BPMN, BPMNDI, DC, DI, write_bpmn
from zhengtong.law.lawyers_table import LawyersTable, StateLine, tabulate, write_text
from zhengtong.law.procedure_files import codes, load_procedure, versions, words

SHIPPED = [(code, version) for code in codes() for version in versions(code)]


def _run(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("law", *arguments, stdout=out)
    except SystemExit as leaving:
        return int(leaving.code or 0), out.getvalue()
    return 0, out.getvalue()


def _table(code: str, lang: str, version: str = "2026-01-01") -> LawyersTable:
    with translation.override(lang):
        return tabulate(load_procedure(code, version), words(code, version, lang))


def _state(table: LawyersTable, code: str) -> StateLine:
    return next(state for state in table.states if state.code == code)


class TestLawyersTable:
    @pytest.mark.parametrize(("code", "version"), SHIPPED)
    def test_has_a_line_for_every_state_and_own_act(self, code: str, version: str) -> None:
        procedure, table = load_procedure(code, version), _table(code, "zh-hans", version)
        assert {state.code for state in table.states} == {"", *procedure.states}
        said = {act.code for state in table.states for act in state.acts} | {act.code for act in table.common}
        assert said == set(procedure.actions)
        assert json.loads(json.dumps(asdict(table)))["code"] == code

    def test_says_what_silence_means(self) -> None:
        received = _state(_table("licence", "zh-hans"), "received")
        notice = next(line for line in received.limits if line.name == "补正告知期限")
        assert (notice.length, notice.silence, notice.source) == ("5 个工作日", "视为受理", "XKF 32(4)")

    def test_speaks_english(self) -> None:
        text = write_text(_table("licence", "en"))
        assert "Administrative licence" in text
        assert "5 working days" in text

    def test_marks_sample_rules(self) -> None:
        assert "（示例规则）" in write_text(_table("licence", "zh-hans"))


def _tag(namespace: str, name: str) -> str:
    return f"{{{namespace}}}{name}"


@pytest.mark.parametrize(("code", "version"), SHIPPED)
class TestBpmn:
    def test_refers_only_to_what_is_there(self, code: str, version: str) -> None:
        root = _chart(code, version)
        ids = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        nodes = {node.get("id") for node in _nodes(root)}
        for flow in root.iter(_tag(BPMN, "sequenceFlow")):
            assert flow.get("sourceRef") in nodes
            assert flow.get("targetRef") in nodes
        flows = {flow.get("id") for flow in root.iter(_tag(BPMN, "sequenceFlow"))}
        ends = [*root.iter(_tag(BPMN, "incoming")), *root.iter(_tag(BPMN, "outgoing"))]
        assert {end.text for end in ends} == flows
        laid = [ref.text for ref in root.iter(_tag(BPMN, "flowNodeRef"))]
        assert sorted(laid, key=str) == sorted(nodes, key=str)

    def test_draws_everything(self, code: str, version: str) -> None:
        root = _chart(code, version)
        drawn = {
            shape.get("bpmnElement"): shape.find(_tag(DC, "Bounds")) for shape in root.iter(_tag(BPMNDI, "BPMNShape"))
        }
        lanes = {lane.get("id") for lane in root.iter(_tag(BPMN, "lane"))}
        assert set(drawn) == {node.get("id") for node in _nodes(root)} | lanes | {"pool"}
        assert all(bounds is not None and int(bounds.get("width", "0")) > 0 for bounds in drawn.values())
        edges = {
            edge.get("bpmnElement"): edge.findall(_tag(DI, "waypoint")) for edge in root.iter(_tag(BPMNDI, "BPMNEdge"))
        }
        assert set(edges) == {flow.get("id") for flow in root.iter(_tag(BPMN, "sequenceFlow"))}
        assert all(len(points) >= 2 for points in edges.values())

    def test_keeps_shapes_apart_and_inside_their_lane(self, code: str, version: str) -> None:
        root = _chart(code, version)
        boxes = {shape.get("bpmnElement"): _box(shape) for shape in root.iter(_tag(BPMNDI, "BPMNShape"))}
        apart = [node.get("id") for node in _nodes(root) if not node.tag.endswith("boundaryEvent")]
        for n, one in enumerate(apart):
            assert not any(_overlap(boxes[one], boxes[other]) for other in apart[n + 1 :]), one
        for lane in root.iter(_tag(BPMN, "lane")):
            x, y, width, height = boxes[lane.get("id")]
            for ref in lane.iter(_tag(BPMN, "flowNodeRef")):
                inside = boxes[ref.text]
                assert x <= inside[0] and inside[0] + inside[2] <= x + width, ref.text
                assert y <= inside[1] and inside[1] + inside[3] <= y + height, ref.text

    def test_has_a_start_for_each_opening_act_and_an_end_for_each_closed_state(self, code: str, version: str) -> None:
        root, procedure = _chart(code, version), load_procedure(code, version)
        assert len(list(root.iter(_tag(BPMN, "startEvent")))) == sum(act.opening for act in procedure.actions.values())
        closed = [state for state in procedure.states.values() if state.holder is None]
        assert len(list(root.iter(_tag(BPMN, "endEvent")))) == len(closed)


def _chart(code: str, version: str) -> ET.Element:
    return ET.fromstring(write_bpmn(load_procedure(code, version), words(code, version, "zh-hans")))


def _nodes(root: ET.Element) -> list[ET.Element]:
    kinds = ("startEvent", "endEvent", "userTask", "exclusiveGateway", "boundaryEvent")
    return [element for kind in kinds for element in root.iter(_tag(BPMN, kind))]


def _box(shape: ET.Element) -> tuple[int, int, int, int]:
    bounds = shape.find(_tag(DC, "Bounds"))
    assert bounds is not None
    x, y, width, height = (int(bounds.get(key, "0")) for key in ("x", "y", "width", "height"))
    return x, y, width, height


def _overlap(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )


class TestCommand:
    def test_check_of_a_good_file_exits_0_and_of_a_bad_one_1(self, shelf: Shelf) -> None:
        bad = shelf.lay(BASE.replace('to = "approving"', 'to = "approved"'))
        code, said = _run("check", str(bad), "--json")
        assert code == 1
        answer: dict[str, Any] = json.loads(said)
        assert "unknown_state" in {fault["code"] for fault in answer["faults"]}
        assert _run("check", str(_shipped("card")))[0] == 0

    def test_check_prints_file_line_code_mend(self, shelf: Shelf) -> None:
        bad = shelf.lay(BASE.replace('limit = "10 wd"', 'limit = "ten"'))
        code, said = _run("check", str(bad))
        line = 1 + bad.read_text(encoding="utf-8").splitlines().index('limit = "ten"')
        assert code == 1
        assert said.startswith(f"{bad}:{line}: bad_term: write a whole number")

    def test_show_prints_the_table_and_the_chart(self) -> None:
        assert "受理" in _run("show", "licence")[1]
        assert "Accept" in _run("show", "licence", "--lang", "en")[1]
        assert _run("show", "card", "--bpmn")[1].startswith("<?xml")
        assert json.loads(_run("show", "card", "--json")[1])["code"] == "card"

    def test_show_of_the_unknown_could_not(self) -> None:
        with pytest.raises(CommandError):
            call_command("law", "show", "nothing")

    def test_unconfirmed_lists_sample_rules(self) -> None:
        listed = json.loads(_run("unconfirmed", "--json")[1])["unconfirmed"]
        assert {"procedure", "version", "table", "name", "source"} == set(listed[0])

    def test_put_refuses_what_is_not_proved(self, shelf: Shelf, tmp_path: Path) -> None:
        bad = Shelf(tmp_path / "draft").lay(BASE.replace("main = true\n", ""))
        assert _run("put", str(bad))[0] == 1


def _shipped(code: str) -> Path:
    from zhengtong.law.procedure_files import path_of

    return path_of(code, "2026-01-01")
