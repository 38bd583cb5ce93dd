-- Less work for each message that is stored; what is stored stays the same.

-- Identifiers are compared byte by byte. In a language's order every step down an index costs several times as much.
ALTER TABLE users ALTER id TYPE text COLLATE "C";
ALTER TABLE devices ALTER user_id TYPE text COLLATE "C", ALTER id TYPE text COLLATE "C";
ALTER TABLE sessions ALTER id TYPE text COLLATE "C", ALTER user_id TYPE text COLLATE "C", ALTER device_id TYPE text COLLATE "C", ALTER token_id TYPE text COLLATE "C";
ALTER TABLE revoked_tokens ALTER id TYPE text COLLATE "C";
ALTER TABLE conversations ALTER id TYPE text COLLATE "C", ALTER user_id TYPE text COLLATE "C";
ALTER TABLE messages ALTER id TYPE text COLLATE "C", ALTER user_id TYPE text COLLATE "C", ALTER from_device_id TYPE text COLLATE "C", ALTER to_device_id TYPE text COLLATE "C", ALTER conversation_id TYPE text COLLATE "C";
ALTER TABLE deliveries ALTER user_id TYPE text COLLATE "C", ALTER device_id TYPE text COLLATE "C";
ALTER TABLE user_presence ALTER user_id TYPE text COLLATE "C", ALTER device_id TYPE text COLLATE "C", ALTER session_id TYPE text COLLATE "C";
ALTER TABLE schedules ALTER id TYPE text COLLATE "C", ALTER user_id TYPE text COLLATE "C";
ALTER TABLE executions ALTER id TYPE text COLLATE "C", ALTER schedule_id TYPE text COLLATE "C", ALTER user_id TYPE text COLLATE "C", ALTER device_id TYPE text COLLATE "C";

-- A function with a query inside is called; one without becomes part of the statement that uses it.
CREATE FUNCTION confirmed_above(ranges int8multirange) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(sum(upper(r) - lower(r)), 0)::bigint FROM unnest(ranges) AS r
$$;
CREATE OR REPLACE FUNCTION backlog_of(d devices) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT d.last_seq - greatest(d.watermark, d.purged_seq)
        - CASE WHEN isempty(d.exceptions) THEN 0 ELSE confirmed_above(d.exceptions) END
$$;

-- As before, but it sorts as the tables do.
CREATE OR REPLACE FUNCTION store_batch(
    p_now timestamptz, p_node text, p_seen_after timestamptz, p_backlog_limit bigint,
    p_user text[], p_from text[], p_generation bigint[], p_id text[], p_to text[], p_type text[], p_payload text[],
    p_timestamp text[], p_priority smallint[], p_requires_ack boolean[], p_rule smallint[],
    c_user text[], c_device text[], c_generation bigint[], c_watermark bigint[], c_exceptions text[],
    a_user text[], a_device text[], a_active timestamptz[],
    o_user text[], o_device text[], o_generation bigint[], o_session text[]
) RETURNS TABLE (
    ordinal integer, outcome text, device_id text, seq bigint, online boolean, delivered_at timestamptz, skipped text[]
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('wireproof.node', p_node, true);

    PERFORM 1 FROM devices d WHERE (d.user_id, d.id) IN (
        SELECT u, t FROM unnest(p_user, p_to, p_rule) AS i(u, t, r) WHERE r = 0
        UNION SELECT x.user_id, x.id FROM unnest(p_user, p_rule) AS i(u, r) JOIN devices x ON x.user_id = i.u WHERE i.r > 0
        UNION SELECT u, v FROM unnest(c_user, c_device) AS c(u, v)
        UNION SELECT u, v FROM unnest(a_user, a_device) AS a(u, v)
        UNION SELECT u, v FROM unnest(o_user, o_device) AS o(u, v)
    ) ORDER BY d.user_id, d.id FOR UPDATE;

    IF cardinality(o_user) > 0 THEN
        DELETE FROM user_presence p USING unnest(o_user, o_device, o_generation) AS o(u, v, g)
            WHERE p.user_id = o.u AND p.device_id = o.v AND p.generation = o.g;
        UPDATE sessions s SET disconnected_at = p_now FROM unnest(o_session, o_generation) AS o(id, g)
            WHERE s.id = o.id AND s.generation = o.g AND s.disconnected_at IS NULL;
        UPDATE devices d SET last_seen_at = p_now FROM unnest(o_user, o_device, o_generation) AS o(u, v, g)
            WHERE d.user_id = o.u AND d.id = o.v AND d.generation = o.g;
    END IF;
    IF cardinality(c_user) > 0 THEN
        UPDATE devices d SET watermark = greatest(d.watermark, c.w), exceptions = c.x::int8multirange
            FROM unnest(c_user, c_device, c_generation, c_watermark, c_exceptions) AS c(u, v, g, w, x)
            WHERE d.user_id = c.u AND d.id = c.v AND d.generation = c.g;
    END IF;
    IF cardinality(a_user) > 0 THEN
        UPDATE devices d SET active_at = greatest(d.active_at, a.t)
            FROM unnest(a_user, a_device, a_active) AS a(u, v, t) WHERE d.user_id = a.u AND d.id = a.v;
    END IF;
    IF cardinality(p_user) = 0 THEN
        RETURN;
    END IF;

    -- One row per message and recipient runs through all steps, so that no step has to join two lists of unknown length.
    RETURN QUERY
    WITH input AS MATERIALIZED (
        SELECT i.*, s.id IS NOT NULL AS current, m.key AS known, m.status AS known_status, m.delivered_at AS known_at,
            m.skipped AS known_skipped, CASE WHEN s.id IS NOT NULL AND m.key IS NULL THEN nextval('messages_key_seq') END AS fresh
        FROM unnest(p_user, p_from, p_generation, p_id, p_to, p_type, p_payload, p_timestamp, p_priority, p_requires_ack, p_rule)
            WITH ORDINALITY AS i(user_id, from_id, generation, id, to_id, type, payload, ts, priority, requires_ack, rule, n)
        LEFT JOIN devices s ON s.user_id = i.user_id AND s.id = i.from_id AND s.generation = i.generation
        LEFT JOIN messages m ON m.id = i.id AND m.from_device_id = i.from_id AND m.user_id = i.user_id
    ), judged AS (
        SELECT f.*, d.id AS v, d.last_seq AS last, d.backlog, coalesce(p.node = p_node OR p.lease_until > p_now, false) AS live,
            admit(d.backlog, p_backlog_limit * (ARRAY[80, 90, 95, 100])[f.priority + 1] / 100)
                OVER (PARTITION BY f.user_id COLLATE "C", d.id ORDER BY f.n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS state
        FROM input f
        LEFT JOIN LATERAL (
            SELECT x.id, x.last_seq, backlog_of(x) AS backlog FROM devices x
            WHERE f.rule = 0 AND x.user_id = f.user_id AND x.id = f.to_id AND x.last_seen_at > p_seen_after
            UNION ALL
            SELECT x.id, x.last_seq, backlog_of(x) FROM devices x
            WHERE f.rule BETWEEN 1 AND 3 AND x.user_id = f.user_id AND x.id <> f.from_id AND x.last_seen_at > p_seen_after
                AND (f.rule = 1 OR (f.rule = 2 AND x.supports_file_sync) OR (f.rule = 3 AND x.supports_notifications))
            UNION ALL
            (SELECT x.id, x.last_seq, backlog_of(x) FROM devices x
            WHERE f.rule = 4 AND x.user_id = f.user_id AND x.id <> f.from_id AND x.last_seen_at > p_seen_after
                AND x.type IN ('desktop', 'extension')
            ORDER BY x.active_at DESC, x.id LIMIT 1)
        ) d ON f.fresh IS NOT NULL
        LEFT JOIN user_presence p ON p.user_id = f.user_id AND p.device_id = d.id
    ), verdict AS MATERIALIZED (
        SELECT j.*, j.v IS NOT NULL AND j.state % 2 = 1 AS taken, j.last + j.state / 2 - j.backlog AS number,
            row_number() OVER per_message = 1 AS first_row,
            bool_or(j.v IS NOT NULL AND j.state % 2 = 1) OVER per_message AS any_taken,
            bool_or(j.live AND j.state % 2 = 1) OVER per_message AS any_live,
            array_agg(j.v) FILTER (WHERE j.state % 2 = 0) OVER per_message AS full_ones
        FROM judged j
        WINDOW per_message AS (PARTITION BY j.n ORDER BY j.v ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ), stored AS (
        INSERT INTO messages (key, id, user_id, from_device_id, to_device_id, type, payload, timestamp, priority, requires_ack,
            node, stored_at, routed_at, status, delivered_at, skipped)
        SELECT g.fresh, g.id, g.user_id, g.from_id, g.to_id, g.type, g.payload::json, g.ts, g.priority, g.requires_ack,
            p_node, p_now, p_now, CASE WHEN g.any_live THEN 'delivered' ELSE 'queued' END, CASE WHEN g.any_live THEN p_now END,
            g.full_ones
        FROM verdict g WHERE g.first_row AND g.any_taken ORDER BY g.id COLLATE "C", g.from_id COLLATE "C", g.user_id COLLATE "C"
    ), raised AS (
        UPDATE devices d SET last_seq = t.last, offered_seq = CASE WHEN t.live THEN t.last ELSE d.offered_seq END
        FROM (
            SELECT g.user_id, g.v, max(g.number) AS last, bool_or(g.live) AS live
            FROM verdict g WHERE g.taken GROUP BY g.user_id, g.v
        ) t WHERE d.user_id = t.user_id AND d.id = t.v
    ), queued AS (
        INSERT INTO deliveries (user_id, device_id, seq, message_key, stored_at)
        SELECT g.user_id, g.v, g.number, g.fresh, p_now FROM verdict g WHERE g.taken
    )
    SELECT g.n::integer,
        CASE WHEN NOT g.current THEN 'stale'
             WHEN g.known IS NOT NULL THEN 'repeated'
             WHEN g.v IS NULL THEN 'not_found'
             WHEN NOT g.any_taken THEN 'queue_full'
             ELSE 'stored' END,
        coalesce(g.v, k.device_id), coalesce(g.number, k.seq),
        coalesce(g.any_live, false) OR coalesce(g.known_status = 'delivered', false),
        g.known_at, coalesce(g.full_ones, g.known_skipped)
    FROM verdict g LEFT JOIN deliveries k ON k.message_key = g.known
    WHERE g.taken OR (g.first_row AND NOT g.any_taken)
    ORDER BY g.n;
END
$$;
