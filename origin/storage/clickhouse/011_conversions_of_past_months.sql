-- A month of conversions that is over is merged into one part: what is one part is read without looking for former revisions.
ALTER TABLE conversions MODIFY SETTING min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1;
