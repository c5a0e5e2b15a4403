"""The procedure as BPMN 2.0 with diagram interchange (流程图): opens in bpmn-js and in any modeller.

Opening acts are start events, states user tasks in the lane of their holder, closed states end events, lapses that
deem boundary timer events. Where more than one act leads on, an exclusive gateway parts them.
"""

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from zhengtong.kernel.procedures import Procedure
from zhengtong.law.chart_layout import Drawing, Flow, Lane, Node, lay_out

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
_PREFIXES = {"bpmn": BPMN, "bpmndi": BPMNDI, "dc": DC, "di": DI, "xsi": XSI}
_TAGS = {
    "start": "startEvent",
    "task": "userTask",
    "end": "endEvent",
    "gateway": "exclusiveGateway",
    "timer": "boundaryEvent",
}


def write_bpmn(procedure: Procedure, words: Mapping[str, str]) -> str:
    """The chart of one procedure, all options together, in the language of these words."""
    for prefix, uri in _PREFIXES.items():
        ET.register_namespace(prefix, uri)
    drawing = lay_out(procedure, words)
    definitions = ET.Element(
        f"{{{BPMN}}}definitions",
        {"id": "definitions", "targetNamespace": "https://zhengtong.example/law", "exporter": "zhengtong"},
    )
    collaboration = _add(definitions, BPMN, "collaboration", id="collaboration")
    title = f"{words.get('procedure.name', procedure.name)} {procedure.version}"
    _add(collaboration, BPMN, "participant", id="pool", name=title, processRef="process")
    _write_process(definitions, drawing, title)
    _write_diagram(definitions, drawing)
    ET.indent(definitions)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(definitions, encoding="unicode") + "\n"


def _add(parent: ET.Element, namespace: str, tag: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, f"{{{namespace}}}{tag}", attributes)


def _write_process(definitions: ET.Element, drawing: Drawing, title: str) -> None:
    process = _add(definitions, BPMN, "process", id="process", name=title, isExecutable="false")
    lanes = _add(process, BPMN, "laneSet", id="lanes")
    for lane in drawing.lanes:
        _write_lane(lanes, lane, drawing)
    for node in drawing.nodes:
        _write_node(process, node, drawing)
    for flow in drawing.flows:
        attributes = {"id": flow.id, "sourceRef": flow.source, "targetRef": flow.target}
        _add(process, BPMN, "sequenceFlow", **attributes, **({"name": flow.name} if flow.name else {}))


def _write_lane(lanes: ET.Element, lane: Lane, drawing: Drawing) -> None:
    element = _add(lanes, BPMN, "lane", id=lane.id, name=lane.name)
    for node in drawing.nodes:
        if node.lane == lane.id:
            _add(element, BPMN, "flowNodeRef").text = node.id


def _write_node(process: ET.Element, node: Node, drawing: Drawing) -> None:
    element = _add(process, BPMN, _TAGS[node.kind], id=node.id, name=node.name)
    if node.attached_to:
        element.set("attachedToRef", node.attached_to)
        element.set("cancelActivity", "true")
    if node.words:
        _add(element, BPMN, "documentation").text = node.words
    for flow in drawing.flows:
        if flow.target == node.id:
            _add(element, BPMN, "incoming").text = flow.id
    for flow in drawing.flows:
        if flow.source == node.id:
            _add(element, BPMN, "outgoing").text = flow.id
    if node.kind == "timer":
        timer = _add(element, BPMN, "timerEventDefinition", id=f"{node.id}_timer")
        duration = _add(timer, BPMN, "timeDuration")
        duration.set(f"{{{XSI}}}type", "bpmn:tFormalExpression")
        duration.text = node.duration


def _write_diagram(definitions: ET.Element, drawing: Drawing) -> None:
    diagram = _add(definitions, BPMNDI, "BPMNDiagram", id="diagram")
    plane = _add(diagram, BPMNDI, "BPMNPlane", id="plane", bpmnElement="collaboration")
    _write_shape(plane, "pool", drawing.bounds, is_horizontal=True)
    for lane in drawing.lanes:
        _write_shape(plane, lane.id, lane.bounds, is_horizontal=True)
    for node in drawing.nodes:
        shape = _write_shape(plane, node.id, node.bounds)
        if node.kind == "gateway":
            shape.set("isMarkerVisible", "true")
    for flow in drawing.flows:
        _write_edge(plane, flow)


def _write_shape(
    plane: ET.Element, element: str, bounds: tuple[int, int, int, int], is_horizontal: bool = False
) -> ET.Element:
    shape = _add(plane, BPMNDI, "BPMNShape", id=f"{element}_shape", bpmnElement=element)
    if is_horizontal:
        shape.set("isHorizontal", "true")
    x, y, width, height = (str(each) for each in bounds)
    _add(shape, DC, "Bounds", x=x, y=y, width=width, height=height)
    return shape


def _write_edge(plane: ET.Element, flow: Flow) -> None:
    edge = _add(plane, BPMNDI, "BPMNEdge", id=f"{flow.id}_edge", bpmnElement=flow.id)
    for x, y in flow.waypoints:
        _add(edge, DI, "waypoint", x=str(x), y=str(y))
