*** Settings ***
Documentation    How much the service carries, and what it needs for that. What is tagged `stretch` goes beyond the
...              agreed scale and runs with `make stretch`.

Test Tags        exclusive    # what else runs on the machine is measured, too
