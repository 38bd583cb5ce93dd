"""Rows are the truth: what others do to the tables by SQL reaches the sockets, and only what is committed."""

import asyncio
import json

import pytest
from devices import Device, Target, database, fresh, until

INSERT = "INSERT INTO messages (user_id, to_device_id, payload) VALUES ($1, $2, $3) RETURNING id"


async def test_a_row_reaches_the_device_that_it_names(target: Target, database_url: str):
    user = fresh("user")
    async with (
        database(database_url) as connection,
        target.device(user, "phone") as phone,
        target.device(user, "desktop") as desktop,
        target.device(fresh("user"), "desktop") as stranger,
    ):
        row_id = await connection.fetchval(INSERT, user, "desktop", '{"b": 1.50, "a":[ ]}')
        message = await desktop.next("user_message")
        assert (message["id"], message["payload"], message["seq"]) == (row_id, {"b": 1.5, "a": []}, 1)
        assert (message["fromDeviceId"], message["toDeviceId"], message["userId"]) == ("server", "desktop", user)
        await desktop.confirm(message)
        for device in (phone, desktop, stranger):
            await device.is_served()
        row = await connection.fetchrow("SELECT * FROM messages WHERE id = $1", row_id)
        assert (row["status"], row["routed_at"], row["skipped"]) == ("delivered", row["delivered_at"], None)
        assert row["routed_at"] is not None
