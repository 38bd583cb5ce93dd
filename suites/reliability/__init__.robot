*** Settings ***
Documentation    How reliable the service is while nothing breaks: who wants to connect can, and what it takes
...              over arrives.

Test Tags        exclusive    # what else runs on the machine is measured, too
