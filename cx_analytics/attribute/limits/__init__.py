"""What the data of a window cannot answer, said before anybody asks them.

counting (a bounded number of questions to the engine) -> judging (which counts are a limit) ->
wording (one sentence each).
"""

from cx_analytics.attribute.limits.counting import count_data
from cx_analytics.attribute.limits.counts import DataCounts
from cx_analytics.attribute.limits.judging import data_limits

__all__ = ["DataCounts", "count_data", "data_limits"]
