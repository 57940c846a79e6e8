/** The columns of `user_logs` in the order in which rows are written. */
export const logColumns = ['user_id', 'log_event_at', 'id', 'log_level', 'pid', 'p_name', 'p_description', 'log_msg', 'post_time', 'attributes'] as const

/** The columns of `ingest_batches` in the order in which rows are written. */
export const batchColumns = ['user_id', 'batch_key', 'created_at', 'first_id', 'records', 'first_at', 'last_at'] as const

/** The columns of `dead_letters` in the order in which rows are written. */
export const deadLetterColumns = ['id', 'user_id', 'created_at', 'source', 'record', 'reason'] as const
