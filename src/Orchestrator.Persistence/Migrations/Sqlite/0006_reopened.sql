-- How often a committed shard was run again because its files were gone or changed; retry sets it back.
ALTER TABLE shards ADD COLUMN reopened INTEGER NOT NULL DEFAULT 0;
