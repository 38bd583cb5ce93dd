*** Settings ***
Documentation     What goes wrong, and how the service comes back: nothing that was acknowledged is lost, nothing leaks,
...               and it takes no longer than agreed. The log of this suite's tear-down shows all recoveries in one
...               table.

Library           wireproof.Timing

Suite Teardown    Log Recovery Table
