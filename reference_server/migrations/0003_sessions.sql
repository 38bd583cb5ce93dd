-- Sessions that can be resumed, and numberings that can be recovered.

-- Generations come from one sequence, so that a device whose row was deleted and made again never gets one that an older
-- connection still holds.
CREATE SEQUENCE device_generations;
SELECT setval('device_generations', (SELECT coalesce(max(generation), 1) FROM devices));

-- A revocation is kept until its token would have expired anyway.
ALTER TABLE revoked_tokens ADD COLUMN expires_at timestamptz NOT NULL DEFAULT 'infinity';

-- Since when a session ages. A node that died never said so: its devices are connected until their lease ends.
CREATE FUNCTION unconnected_since(s sessions) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        s.disconnected_at,
        (SELECT p.lease_until FROM user_presence p
         WHERE p.user_id = s.user_id AND p.device_id = s.device_id AND p.session_id = s.id),
        s.created_at
    )
$$;

-- Registers a device: raises its generation, resumes the session it presents or opens a new one, and opens its presence. The
-- user's row is locked, so that two devices registering at once cannot both take the last free place, and so that a token
-- cannot be revoked and used at the same moment.
--   outcome 'registered', 'device_limit' or 'revoked'
-- A session is resumed when it is of the same user and device, has not ended, and was connected after p_live_since.
-- offered_before is where deliveries start that no socket has seen yet.
-- kept is how many of the deliveries after p_after are still there, p_kept_limit at most.
DROP FUNCTION register_device(
    timestamptz, text, timestamptz, bigint, text, text, text, text, text, text, boolean, boolean, text, text, text, timestamptz
);
CREATE FUNCTION register_device(
    p_now timestamptz, p_node text, p_lease_until timestamptz, p_device_limit bigint, p_user text, p_device text,
    p_type text, p_platform text, p_version text, p_capabilities text, p_file_sync boolean, p_notifications boolean,
    p_epoch text, p_session text, p_token text, p_token_expires timestamptz,
    p_resume text, p_live_since timestamptz, p_after bigint, p_kept_since timestamptz, p_kept_limit bigint
) RETURNS TABLE (
    outcome text, session_id text, resumed boolean, generation bigint, epoch text, last_seq bigint, watermark bigint,
    exceptions text, offered_before bigint, kept bigint
) LANGUAGE plpgsql AS $$
DECLARE
    d devices;
BEGIN
    PERFORM set_config('wireproof.node', p_node, true);
    INSERT INTO users (id, created_at) VALUES (p_user, p_now) ON CONFLICT DO NOTHING;
    PERFORM 1 FROM users u WHERE u.id = p_user FOR UPDATE;
    IF EXISTS (SELECT 1 FROM revoked_tokens r WHERE r.id = p_token) THEN
        outcome := 'revoked';
        RETURN NEXT;
        RETURN;
    END IF;
    IF (SELECT count(*) FROM user_presence p
        WHERE p.user_id = p_user AND p.device_id <> p_device AND p.lease_until > p_now) >= p_device_limit THEN
        outcome := 'device_limit';
        RETURN NEXT;
        RETURN;
    END IF;

    INSERT INTO devices AS x (user_id, id, type, platform, version, capabilities, supports_file_sync, supports_notifications,
        epoch, generation, created_at, last_seen_at, active_at)
    VALUES (p_user, p_device, p_type, p_platform, p_version, p_capabilities::json, p_file_sync, p_notifications,
        p_epoch, nextval('device_generations'), p_now, p_now, p_now)
    ON CONFLICT ON CONSTRAINT devices_pkey DO UPDATE SET generation = excluded.generation, type = p_type,
        platform = p_platform, version = p_version, capabilities = p_capabilities::json, supports_file_sync = p_file_sync,
        supports_notifications = p_notifications, last_seen_at = p_now, active_at = p_now
    RETURNING x.* INTO d;
    -- A device whose row was deleted counts anew: what waited under its old numbers is nobody's any more.
    IF d.last_seq = 0 THEN
        DELETE FROM deliveries y WHERE y.user_id = p_user AND y.device_id = p_device;
    END IF;
    UPDATE devices x SET offered_seq = x.last_seq WHERE x.user_id = p_user AND x.id = p_device;

    UPDATE sessions s SET generation = d.generation, token_id = p_token, token_expires_at = p_token_expires, node = p_node,
        disconnected_at = NULL
    WHERE s.id = p_resume AND s.user_id = p_user AND s.device_id = p_device AND s.ended_at IS NULL
        AND unconnected_since(s) > p_live_since;
    resumed := FOUND;
    session_id := CASE WHEN resumed THEN p_resume ELSE p_session END;
    IF NOT resumed THEN
        INSERT INTO sessions (id, user_id, device_id, generation, token_id, token_expires_at, node, created_at)
        VALUES (p_session, p_user, p_device, d.generation, p_token, p_token_expires, p_node, p_now);
    END IF;
    -- A device has one connection: whatever other session it had is unconnected by now.
    UPDATE sessions s SET disconnected_at = least(unconnected_since(s), p_now)
    WHERE s.user_id = p_user AND s.device_id = p_device AND s.generation < d.generation
        AND s.disconnected_at IS NULL AND s.ended_at IS NULL;

    INSERT INTO user_presence (user_id, device_id, node, generation, session_id, connected_at, lease_until)
    VALUES (p_user, p_device, p_node, d.generation, register_device.session_id, p_now, p_lease_until)
    ON CONFLICT ON CONSTRAINT user_presence_pkey DO UPDATE SET node = p_node, generation = d.generation,
        session_id = register_device.session_id, connected_at = p_now, lease_until = p_lease_until;

    outcome := 'registered';
    generation := d.generation;
    epoch := d.epoch;
    last_seq := d.last_seq;
    watermark := d.watermark;
    exceptions := d.exceptions;
    offered_before := d.offered_seq;
    kept := (SELECT count(*) FROM (
        SELECT 1 FROM deliveries y JOIN messages m ON m.key = y.message_key
        WHERE y.user_id = p_user AND y.device_id = p_device AND y.seq > p_after AND y.stored_at > p_kept_since
        LIMIT p_kept_limit
    ) AS still_there);
    RETURN NEXT;
END
$$;

-- As before, but a connection that closes no longer ends what a newer one has resumed: its session is matched by generation too.
-- Stores a batch. Rows of the answer, in the order of the messages:
--   outcome 'stored'    one row per recipient: device_id, seq; skipped names the full ones; online when any recipient had a live
--                       lease, or a row of this node, which removes its rows itself
--   outcome 'repeated'  the id is known: the stored acknowledgement, one row per recipient
--   outcome 'not_found' 'queue_full' 'stale'   refused, nothing stored
-- It first locks every device row it may touch in id order, so that two nodes never wait for each other in a circle. An id that
-- another node stores at the same moment raises unique_violation: the caller repeats the batch and then finds it known.
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
                OVER (PARTITION BY f.user_id, d.id ORDER BY f.n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS state
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
        FROM verdict g WHERE g.first_row AND g.any_taken ORDER BY g.id, g.from_id, g.user_id
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
