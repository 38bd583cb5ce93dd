-- name: message by id
-- values: SELECT id, from_device_id, user_id FROM messages ORDER BY key DESC LIMIT 500
SELECT type, payload, stored_at
FROM messages
WHERE id = %(id)s AND from_device_id = %(from_device_id)s AND user_id = %(user_id)s;

-- name: backlog after seq
-- values: SELECT user_id, device_id, seq - 20 AS seq FROM deliveries ORDER BY message_key DESC LIMIT 500
SELECT delivery.seq, message.id, message.payload
FROM deliveries AS delivery
JOIN messages AS message ON message.key = delivery.message_key
WHERE delivery.user_id = %(user_id)s AND delivery.device_id = %(device_id)s AND delivery.seq > %(seq)s
ORDER BY delivery.seq
LIMIT 50;

-- name: presence
-- values: SELECT user_id FROM devices LIMIT 500
SELECT device_id, node, connected_at
FROM user_presence
WHERE user_id = %(user_id)s AND lease_until > now();
