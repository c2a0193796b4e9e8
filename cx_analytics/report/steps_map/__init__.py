"""The map of production as a picture and as a page that needs nothing but itself.

    graph     transitions → steps and the ways between them that are drawn
    layout    a place for every step, way and label, none upon another
    ordering  the order within a layer and the places along it
    drawing   the picture (SVG)
    words     names, durations and amounts where there is little room
    page      the page: figures, the map, a table of all transitions

Steps are as tall as their work is long, ways as thick as the waiting on them; colour is money.
"""

from cx_analytics.report.steps_map.drawing import map_svg
from cx_analytics.report.steps_map.graph import StepGraph, step_graph
from cx_analytics.report.steps_map.page import steps_page

__all__ = ["StepGraph", "map_svg", "step_graph", "steps_page"]
