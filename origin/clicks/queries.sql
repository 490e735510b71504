-- name: claim_batches
-- Make these batches the block's, unless another block has them already. The order keeps two processes from a deadlock.
INSERT INTO click_batches (batch_id, block_id)
SELECT batch_id, :block_id FROM unnest(CAST(:batch_ids AS text[])) AS given (batch_id) ORDER BY batch_id
ON CONFLICT (batch_id) DO NOTHING

-- name: batches_of_block
-- Which of these batches are the block's, claimed now or by the same block before a crash.
SELECT batch_id FROM click_batches WHERE batch_id = ANY (CAST(:batch_ids AS text[])) AND block_id = :block_id

-- name: prune_batches
-- Forget batches that no edge and no queue will send again.
DELETE FROM click_batches WHERE received_at < now() - make_interval(days => :days)
