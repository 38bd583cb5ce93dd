"""The SQL of the server; what must be one transaction and one round trip is a function of the migrations."""

STORE_BATCH = (
    "SELECT * FROM store_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,"
    " $20, $21, $22, $23, $24, $25, $26, $27)"
)
REGISTER = (
    "SELECT * FROM register_device($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"
    " $19, $20, $21)"
)
STORE_NOTHING = "DELETE FROM messages WHERE false"
HAS_UNROUTED = "SELECT EXISTS (SELECT FROM messages WHERE routed_at IS NULL)"
CLAIM_UNROUTED = "SELECT * FROM claim_unrouted($1, $2, $3, $4)"
ROUTE_CLAIMED = "SELECT * FROM route_claimed($1, $2, $3, $4, $5, $6, $7, $8, $9)"

BACKLOG_PAGE = """
    SELECT * FROM (
        SELECT d.seq, m.id, m.type, m.from_device_id, m.to_device_id, m.payload, m.timestamp, m.priority,
            m.requires_ack,
            sum(octet_length(m.payload::text)) OVER (ORDER BY d.seq) - octet_length(m.payload::text) AS earlier
        FROM deliveries d JOIN messages m ON m.key = d.message_key
        WHERE d.user_id = $1 AND d.device_id = $2 AND d.seq > $3 AND d.seq <= $4 AND d.stored_at > $5
        ORDER BY d.seq LIMIT $6
    ) AS page WHERE earlier < $7
"""
DELIVERIES_BY_SEQ = """
    SELECT d.seq, m.id, m.type, m.from_device_id, m.to_device_id, m.payload, m.timestamp, m.priority, m.requires_ack
    FROM deliveries d JOIN messages m ON m.key = d.message_key
    WHERE d.user_id = $1 AND d.device_id = $2 AND d.seq = ANY($3::bigint[]) AND d.stored_at > $4 ORDER BY d.seq
"""
DELIVERIES_AFTER = """
    SELECT d.seq, m.id, m.type, m.from_device_id, m.to_device_id, m.payload, m.timestamp, m.priority, m.requires_ack
    FROM deliveries d JOIN messages m ON m.key = d.message_key
    WHERE d.user_id = $1 AND d.device_id = $2 AND d.seq > $3 ORDER BY d.seq LIMIT $4
"""
CONNECTED = """
    SELECT p.user_id, p.device_id, p.generation, d.last_seq, s.end_reason = 'revoked' AS revoked, p.session_id
    FROM user_presence p JOIN devices d ON d.user_id = p.user_id AND d.id = p.device_id
    LEFT JOIN sessions s ON s.id = p.session_id
    WHERE p.node = $1
"""
GENERATIONS = """
    SELECT user_id, id, generation FROM devices WHERE (user_id, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))
"""
DEVICES = """
    SELECT d.id, d.type, d.platform, d.version, d.capabilities, d.last_seen_at, d.last_seq, backlog_of(d) AS backlog,
        coalesce(p.lease_until > $2, false) AS online
    FROM devices d LEFT JOIN user_presence p ON p.user_id = d.user_id AND p.device_id = d.id
    WHERE d.user_id = $1 ORDER BY d.id LIMIT $3
"""
EXECUTIONS = """
    SELECT id, schedule_id, device_id, status, due_at, started_at, finished_at FROM executions
    WHERE user_id = $1 ORDER BY created_at DESC, id LIMIT $2
"""

END_SESSION = """
    UPDATE sessions SET ended_at = $3, end_reason = $4 WHERE id = $1 AND generation = $2 AND ended_at IS NULL
    RETURNING true
"""
REVOKE_SESSION = """
    UPDATE sessions SET ended_at = coalesce(ended_at, $3), end_reason = coalesce(end_reason, 'revoked')
    WHERE id = $1 AND user_id = $2 RETURNING device_id, generation
"""
LOCK_USER = """
    INSERT INTO users (id, created_at) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET id = excluded.id
"""
EXPIRY_OF_OWN = """
    SELECT coalesce(token_expires_at, 'infinity') FROM sessions WHERE token_id = $1 AND user_id = $2 LIMIT 1
"""
REVOKE_TOKEN = "INSERT INTO revoked_tokens VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"  # noqa: S105 - no password
IS_REVOKED = "SELECT true FROM revoked_tokens WHERE id = $1"
END_ITS_SESSIONS = """
    UPDATE sessions SET ended_at = coalesce(ended_at, $3), end_reason = coalesce(end_reason, 'revoked')
    WHERE token_id = $1 AND user_id = $2 RETURNING device_id, generation
"""

FORGET_PRESENCE = """
    WITH gone AS (DELETE FROM user_presence WHERE node = $1 RETURNING session_id, lease_until)
    UPDATE sessions s SET disconnected_at = least(gone.lease_until, $2) FROM gone
    WHERE s.id = gone.session_id AND s.disconnected_at IS NULL
"""
RENEW_LEASES = """
    WITH renewed AS (UPDATE user_presence SET lease_until = $3 WHERE node = $1 RETURNING user_id, device_id)
    UPDATE devices d SET last_seen_at = $2 FROM renewed r
    WHERE d.user_id = r.user_id AND d.id = r.device_id AND d.last_seen_at < $4
"""
PURGE_DELIVERIES = """
    WITH gone AS (DELETE FROM deliveries WHERE stored_at < $1 RETURNING user_id, device_id, seq),
    last AS (SELECT user_id, device_id, max(seq) AS seq FROM gone GROUP BY user_id, device_id)
    UPDATE devices d SET purged_seq = greatest(d.purged_seq, last.seq)
    FROM last WHERE d.user_id = last.user_id AND d.id = last.device_id
"""
PURGE_PRESENCE = "DELETE FROM user_presence WHERE lease_until < $1 AND node <> $2"
PURGE_MESSAGES = "DELETE FROM messages WHERE stored_at < $1 AND routed_at IS NOT NULL"
PURGE_SESSIONS = """
    DELETE FROM sessions s WHERE s.created_at < $1 AND coalesce(s.ended_at, unconnected_since(s)) < $1
"""
PURGE_REVOKED_TOKENS = "DELETE FROM revoked_tokens WHERE expires_at < $1"
