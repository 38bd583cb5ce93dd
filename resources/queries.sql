-- What clients of the database ask while messages flow (PERF-03, SCALE-16). Each query stands alone and takes no
-- parameters, so that a team with another schema changes nothing but this file.

-- name: message by id
SELECT id, type, payload, stored_at
FROM messages
WHERE id = (SELECT id FROM messages ORDER BY key DESC LIMIT 1);

-- name: backlog after seq
SELECT d.seq, m.id, m.payload
FROM (
    SELECT known.user_id, known.id, greatest(known.last_seq - 20, 0) AS after
    FROM user_presence AS here
    JOIN devices AS known ON known.user_id = here.user_id AND known.id = here.device_id
    LIMIT 1
) AS device
JOIN deliveries AS d ON d.user_id = device.user_id AND d.device_id = device.id AND d.seq > device.after
JOIN messages AS m ON m.key = d.message_key
ORDER BY d.seq;

-- name: presence
SELECT device_id, node, connected_at
FROM user_presence
WHERE user_id = (SELECT user_id FROM user_presence LIMIT 1) AND lease_until > now();
