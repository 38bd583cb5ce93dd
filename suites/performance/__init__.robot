*** Settings ***
Documentation    How fast the service is while it is used as agreed. A value counts with its confidence: a sample that
...              proves nothing is taken once more, larger; a measurement that spoilt itself is repeated once.

Test Tags        exclusive    # what else runs on the machine is measured, too
