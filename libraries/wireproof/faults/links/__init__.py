"""Links: proxies inside the test process, through which bytes pass the stages of the faults that are on."""
