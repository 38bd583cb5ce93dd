*** Settings ***
Documentation     The acceptance suites, by the area of their criteria. What a run has brought is gone when it ends.

Resource          ../resources/whole_run.resource

Suite Setup       Watch The Run
Suite Teardown    Run Should Leave Nothing Behind
