"""URLs of databases beside another one."""

from wireproof.stack import databases


def test_only_the_database_changes():
    url = "postgresql://me:p%40ss@[::1]:5432/own?sslmode=disable"
    assert databases.beside(url, "server-2-ab") == "postgresql://me:p%40ss@[::1]:5432/server-2-ab?sslmode=disable"
