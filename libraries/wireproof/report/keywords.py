"""The library `wireproof.Report`."""

from robot.api import logger
from robot.api.deco import keyword, library
from robotlibcore import DynamicCore

from wireproof.report.acceptance import PAGE, RunSoFar, acceptance_fragment, followed


@library(scope="GLOBAL", doc_format="MARKDOWN")
class Report(DynamicCore):  # type: ignore[misc]  # PythonLibCore has no types
    """Shows in the log what became of the acceptance criteria.

    ```robotframework
    *** Settings ***
    Library           wireproof.Report
    Suite Teardown    Log Acceptance Table

    *** Test Cases ***
    A Criterion Is Shown By A Test With Its Tag
        [Tags]    CONN-01
        No Operation
    ```

    Every run that has to do with criteria leaves beside its log, with no keyword at all:

    | file | what it is |
    | --- | --- |
    | `wireproof/acceptance.html` | all criteria with limit, measured value, bounds, baseline and verdict |
    | `wireproof/criteria.junit.xml` | a JUnit case for each criterion and each threshold of a load |
    | `wireproof/figures.json` | the measured values and the machine: what `python -m wireproof baseline accept` reads |

    A criterion with a number has the worst of its verdicts. One that states behaviour is met when all tests that carry
    its id as a tag pass. A criterion none of whose tests ran, or all of whose tests were skipped, is *not run*.
    """

    def __init__(self) -> None:
        super().__init__([])

    @keyword(tags=["Criterion"])
    def log_acceptance_table(self) -> None:
        """Writes into the log what became of the targets by now, and of other criteria that are not met.

        It belongs into the tear-down of the outermost suite, where all tests have ended. The criteria are those that
        the run has used, else those of the `criteria.yaml` or `resources/criteria.yaml` nearest to the suite.

        ```robotframework
        Log Acceptance Table
        ```
        """
        report = followed()
        acceptance = report.acceptance() if report is not None else None
        if acceptance is None:
            logger.info("no test that has ended shows a criterion")
        else:
            logger.info(acceptance_fragment(acceptance, f"wireproof/{PAGE}"), html=True)

    @keyword(tags=["Criterion", "Getter"])
    def get_run_so_far(self) -> RunSoFar:
        """Returns how the tests that have ended by now came out, for a criterion on the run itself.

        Only tests of suites that use one of these libraries are seen. The running test has not ended.

        Returns:
            An object with `passed`, `failed` and `skipped`, that `Criterion Should Be Met` takes as `of`: its
            `tests.passed` are those that passed of those that were not skipped.

        ```robotframework
        ${run}    Get Run So Far
        Should Be Equal As Integers    ${run.failed}    0
        ```
        """
        report = followed()
        return report.so_far() if report is not None else RunSoFar(0, 0, 0)
