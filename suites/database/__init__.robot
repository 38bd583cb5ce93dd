*** Settings ***
Documentation    The database and the sockets tell the same story: what is acknowledged is stored, what is stored is
...              delivered, what was rolled back never was, and nothing is left behind.
