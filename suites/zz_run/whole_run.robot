*** Settings ***
Documentation    The run so far: how many of its tests have passed, and whether the service was there all the time.

Library          wireproof.Monitor
Library          wireproof.Report
Library          wireproof.Timing


*** Test Cases ***
Nearly All Tests Have Passed
    [Documentation]    Of those that have run; skipped ones do not count.
    [Tags]    REL-03
    ${run}    Get Run So Far
    Skip If    not $run.passed + $run.failed    no other test was selected
    Criterion Should Be Met    REL-03    of=${run}

The Service Was Up All The Time
    [Documentation]    Asked every second; what was broken on purpose is excused, and named.
    [Tags]    REL-04
    TRY
        ${monitoring}    Get Monitoring    run
    EXCEPT    *monitored*    type=GLOB
        Skip    nobody watched the service: only a run of all suites does
    END
    Criterion Should Be Met    REL-04    of=${monitoring}
