*** Settings ***
Documentation     The run so far: how many of its tests have passed, and whether the service was there all the time.

Library           wireproof.Monitor
Library           wireproof.Report
Library           wireproof.Timing


*** Test Cases ***
Nearly All Tests Have Passed
    [Documentation]    Of those that have run; skipped ones do not count.
    [Tags]    REL-03
    ${run}    Get Run So Far
    Criterion Should Be Met    REL-03    of=${run}

The Service Was Up All The Time
    [Documentation]    Asked every second; what was broken on purpose is excused, and named.
    [Tags]    REL-04
    ${monitoring}    Get Monitoring    run
    Criterion Should Be Met    REL-04    of=${monitoring}
