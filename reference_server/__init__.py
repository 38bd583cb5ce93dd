"""The reference server: a coordination service for devices over WebSockets, with PostgreSQL and Redis behind it."""

VERSION = "0.1.0"
