-- Rows that others write by SQL. NOTIFY on the channel `wireproof_changes` is a hint that is never sent for a transaction that is
-- rolled back, and may be lost; a JSON object, one of
--   {"table": "messages", "change": "insert", "key"}                          the lowest key that waits to be routed
--   {"table": "messages" | "conversations", "change": "update" | "delete", "userId", "ids"}
-- A server has `wireproof.node` set on its connections, so the triggers pass over everything that it writes itself.

-- PostgreSQL refuses a hint of 8 000 bytes, so the ids of a user are told in parts: at most 5 000 bytes, one more id, and the name
-- of the user, neither of which takes more than 1 200. An id longer than the wire carries was never told to anybody.
CREATE FUNCTION hint_changes(p_table text, p_change text, p_users text[], p_ids text[]) RETURNS void LANGUAGE sql
    SET search_path FROM CURRENT AS $$
    SELECT pg_notify('wireproof_changes',
        json_build_object('table', p_table, 'change', p_change, 'userId', c.user_id, 'ids', json_agg(c.id))::text)
    FROM (
        SELECT i.user_id, i.id,
            sum(octet_length(to_json(i.id)::text) + 2) OVER (PARTITION BY i.user_id ORDER BY i.id) / 5000 AS part
        FROM unnest(p_users, p_ids) AS i(user_id, id) WHERE length(i.user_id) <= 200 AND length(i.id) <= 200
    ) c GROUP BY c.user_id, c.part
$$;

-- The same hint for all inserts of a transaction is sent once.
CREATE FUNCTION hint_messages_inserted() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    first bigint := (SELECT min(m.key) FROM messages m WHERE m.routed_at IS NULL);
BEGIN
    IF first IS NOT NULL THEN
        PERFORM pg_notify('wireproof_changes', json_build_object('table', 'messages', 'change', 'insert', 'key', first)::text);
    END IF;
    RETURN NULL;
END
$$;

-- Only content counts, and only of messages that were routed: of the others no device knows. A message that moves to another id or
-- user is deleted there and changed here.
CREATE FUNCTION hint_messages_updated() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM hint_changes('messages', 'update', array_agg(c.user_id), array_agg(c.id)) FROM (
        SELECT DISTINCT e.user_id, e.id FROM (
            SELECT n.user_id, n.id, n.from_device_id, n.to_device_id, n.type, n.payload::text, n.timestamp, n.priority,
                n.requires_ack, n.conversation_id FROM fresh n WHERE n.routed_at IS NOT NULL
            EXCEPT
            SELECT o.user_id, o.id, o.from_device_id, o.to_device_id, o.type, o.payload::text, o.timestamp, o.priority,
                o.requires_ack, o.conversation_id FROM stale o
        ) e
    ) c HAVING count(*) > 0;
    PERFORM hint_changes('messages', 'delete', array_agg(c.user_id), array_agg(c.id)) FROM (
        SELECT o.user_id, o.id FROM stale o WHERE o.routed_at IS NOT NULL EXCEPT SELECT n.user_id, n.id FROM fresh n
    ) c HAVING count(*) > 0;
    RETURN NULL;
END
$$;

CREATE FUNCTION hint_messages_deleted() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM hint_changes('messages', 'delete', array_agg(c.user_id), array_agg(c.id))
    FROM (SELECT DISTINCT o.user_id, o.id FROM stale o WHERE o.routed_at IS NOT NULL) c HAVING count(*) > 0;
    RETURN NULL;
END
$$;

CREATE FUNCTION hint_conversations_updated() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM hint_changes('conversations', 'update', array_agg(c.user_id), array_agg(c.id)) FROM (
        SELECT e.user_id, e.id FROM (
            SELECT n.user_id, n.id, n.title FROM fresh n EXCEPT SELECT o.user_id, o.id, o.title FROM stale o
        ) e
    ) c HAVING count(*) > 0;
    PERFORM hint_changes('conversations', 'delete', array_agg(c.user_id), array_agg(c.id)) FROM (
        SELECT o.user_id, o.id FROM stale o EXCEPT SELECT n.user_id, n.id FROM fresh n
    ) c HAVING count(*) > 0;
    RETURN NULL;
END
$$;

CREATE FUNCTION hint_conversations_deleted() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM hint_changes('conversations', 'delete', array_agg(o.user_id), array_agg(o.id)) FROM stale o HAVING count(*) > 0;
    RETURN NULL;
END
$$;

-- One trigger a statement, and none with a table of its rows on the insert of messages: what the server stores pays nothing.
CREATE TRIGGER messages_inserted AFTER INSERT ON messages FOR EACH STATEMENT
    WHEN (coalesce(current_setting('wireproof.node', true), '') = '') EXECUTE FUNCTION hint_messages_inserted();
CREATE TRIGGER messages_updated AFTER UPDATE ON messages REFERENCING OLD TABLE AS stale NEW TABLE AS fresh FOR EACH STATEMENT
    WHEN (coalesce(current_setting('wireproof.node', true), '') = '') EXECUTE FUNCTION hint_messages_updated();
CREATE TRIGGER messages_deleted AFTER DELETE ON messages REFERENCING OLD TABLE AS stale FOR EACH STATEMENT
    WHEN (coalesce(current_setting('wireproof.node', true), '') = '') EXECUTE FUNCTION hint_messages_deleted();
CREATE TRIGGER conversations_updated AFTER UPDATE ON conversations REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
    FOR EACH STATEMENT
    WHEN (coalesce(current_setting('wireproof.node', true), '') = '') EXECUTE FUNCTION hint_conversations_updated();
CREATE TRIGGER conversations_deleted AFTER DELETE ON conversations REFERENCING OLD TABLE AS stale FOR EACH STATEMENT
    WHEN (coalesce(current_setting('wireproof.node', true), '') = '') EXECUTE FUNCTION hint_conversations_deleted();

-- The first unrouted messages after a key, in order, locked until the end of the transaction, without those that somebody else holds. At most
-- p_rows, and no more than p_bytes of payload and one message; payload is NULL where it is longer than p_longest. Claims take turns,
-- so that the nodes keep the order of the keys. A node that dies or hangs in between gives back its claim.
CREATE FUNCTION claim_unrouted(p_after bigint, p_rows bigint, p_bytes bigint, p_longest bigint) RETURNS TABLE (
    key bigint, id text, user_id text, from_device_id text, to_device_id text, type text, payload text, "timestamp" text,
    priority smallint, requires_ack boolean
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('idle_in_transaction_session_timeout', '5s', true);
    PERFORM pg_advisory_xact_lock(x'77697265706d'::bigint);
    RETURN QUERY
    WITH held AS MATERIALIZED (
        SELECT m.* FROM messages m WHERE m.routed_at IS NULL AND m.key > p_after ORDER BY m.key LIMIT p_rows
        FOR UPDATE SKIP LOCKED
    ), sized AS (
        SELECT h.*, octet_length(h.payload::text) AS size, sum(octet_length(h.payload::text)) OVER (ORDER BY h.key) AS total
        FROM held h
    )
    SELECT s.key, s.id, s.user_id, s.from_device_id, s.to_device_id, s.type,
        CASE WHEN s.size <= p_longest THEN s.payload::text END, s.timestamp, s.priority, s.requires_ack
    FROM sized s WHERE s.total - s.size < p_bytes ORDER BY s.key;
END
$$;

-- Routes what claim_unrouted gave to this transaction, by the rules of store_batch; p_rule is NOBODY (5) for what the wire cannot
-- carry. Rows of the answer: the deliveries, and one without device_id for each message that failed. It is no part of store_batch,
-- which may not cost more, and which finds its messages in its arguments, with senders and ids to check, and stores them.
CREATE FUNCTION route_claimed(
    p_now timestamptz, p_node text, p_seen_after timestamptz, p_backlog_limit bigint, p_key bigint[], p_rule smallint[],
    a_user text[], a_device text[], a_active timestamptz[]
) RETURNS TABLE (key bigint, user_id text, device_id text, seq bigint, online boolean) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM devices d WHERE (d.user_id, d.id) IN (
        SELECT m.user_id, m.to_device_id FROM unnest(p_key, p_rule) AS i(key, rule) JOIN messages m ON m.key = i.key
            WHERE i.rule = 0
        UNION SELECT x.user_id, x.id FROM unnest(p_key, p_rule) AS i(key, rule) JOIN messages m ON m.key = i.key
            JOIN devices x ON x.user_id = m.user_id WHERE i.rule BETWEEN 1 AND 4
        UNION SELECT u, v FROM unnest(a_user, a_device) AS a(u, v)
    ) ORDER BY d.user_id, d.id FOR UPDATE;

    UPDATE devices d SET active_at = greatest(d.active_at, a.t)
        FROM unnest(a_user, a_device, a_active) AS a(u, v, t) WHERE d.user_id = a.u AND d.id = a.v;

    RETURN QUERY
    WITH judged AS (
        SELECT m.key, m.user_id, d.id AS v, d.last_seq AS last, d.backlog,
            coalesce(p.node = p_node OR p.lease_until > p_now, false) AS live,
            admit(d.backlog, p_backlog_limit * (ARRAY[80, 90, 95, 100])[m.priority + 1] / 100)
                OVER (PARTITION BY m.user_id, d.id ORDER BY m.key ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS state
        FROM unnest(p_key, p_rule) AS i(key, rule) JOIN messages m ON m.key = i.key
        LEFT JOIN LATERAL (
            SELECT x.id, x.last_seq, backlog_of(x) AS backlog FROM devices x
            WHERE i.rule = 0 AND x.user_id = m.user_id AND x.id = m.to_device_id AND x.last_seen_at > p_seen_after
            UNION ALL
            SELECT x.id, x.last_seq, backlog_of(x) FROM devices x
            WHERE i.rule BETWEEN 1 AND 3 AND x.user_id = m.user_id AND x.id <> m.from_device_id AND x.last_seen_at > p_seen_after
                AND (i.rule = 1 OR (i.rule = 2 AND x.supports_file_sync) OR (i.rule = 3 AND x.supports_notifications))
            UNION ALL
            (SELECT x.id, x.last_seq, backlog_of(x) FROM devices x
            WHERE i.rule = 4 AND x.user_id = m.user_id AND x.id <> m.from_device_id AND x.last_seen_at > p_seen_after
                AND x.type IN ('desktop', 'extension')
            ORDER BY x.active_at DESC, x.id LIMIT 1)
        ) d ON true
        LEFT JOIN user_presence p ON p.user_id = m.user_id AND p.device_id = d.id
    ), verdict AS MATERIALIZED (
        SELECT j.*, j.v IS NOT NULL AND j.state % 2 = 1 AS taken, j.last + j.state / 2 - j.backlog AS number,
            row_number() OVER per_message = 1 AS first_row,
            bool_or(j.v IS NOT NULL AND j.state % 2 = 1) OVER per_message AS any_taken,
            bool_or(j.live AND j.state % 2 = 1) OVER per_message AS any_live,
            array_agg(j.v) FILTER (WHERE j.state % 2 = 0) OVER per_message AS full_ones
        FROM judged j
        WINDOW per_message AS (PARTITION BY j.key ORDER BY j.v ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ), routed AS (
        UPDATE messages m SET node = p_node, stored_at = p_now, routed_at = p_now,
            status = CASE WHEN NOT g.any_taken THEN 'failed' WHEN g.any_live THEN 'delivered' ELSE 'queued' END,
            delivered_at = CASE WHEN g.any_live THEN p_now END, skipped = g.full_ones
        FROM verdict g WHERE g.first_row AND m.key = g.key
    ), raised AS (
        UPDATE devices d SET last_seq = t.last, offered_seq = CASE WHEN t.live THEN t.last ELSE d.offered_seq END
        FROM (
            SELECT g.user_id, g.v, max(g.number) AS last, bool_or(g.live) AS live
            FROM verdict g WHERE g.taken GROUP BY g.user_id, g.v
        ) t WHERE d.user_id = t.user_id AND d.id = t.v
    ), queued AS (
        INSERT INTO deliveries (user_id, device_id, seq, message_key, stored_at)
        SELECT g.user_id, g.v, g.number, g.key, p_now FROM verdict g WHERE g.taken
    )
    SELECT g.key, g.user_id, CASE WHEN g.taken THEN g.v END, CASE WHEN g.taken THEN g.number END, coalesce(g.any_live, false)
    FROM verdict g WHERE g.taken OR (g.first_row AND NOT g.any_taken) ORDER BY g.key;
END
$$;
