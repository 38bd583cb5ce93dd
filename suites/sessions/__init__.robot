*** Settings ***
Documentation    What a session promises: who comes back in time finds it, and knows whether anything was missed;
...              who comes late, was revoked or has left does not.
