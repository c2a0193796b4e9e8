-- turn_blocks: what each resource had done before each block of 16 turns
-- grain   resource_no, block_no
-- reads   turn_gap (model turn_gaps)
-- takes   nothing
-- units   _us: microseconds
-- beware  running totals along all turns of a resource would cost several times as much as those of
--         blocks and from block to block.
WITH block AS (
  SELECT
    resource_no, turn_no // 16 AS block_no,
    max(done_us) AS done_us, max(set_up_us) AS set_up_us, max(unknown_us) AS unknown_us
  FROM turn_gap
  GROUP BY resource_no, turn_no // 16
)

SELECT
  resource_no, block_no,
  sum(done_us) OVER blocks - done_us AS done_us,
  sum(set_up_us) OVER blocks - set_up_us AS set_up_us,
  sum(unknown_us) OVER blocks - unknown_us AS unknown_us
FROM block
WINDOW blocks AS (
  PARTITION BY resource_no ORDER BY block_no ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
)
