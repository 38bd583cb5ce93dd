"""Settings by their names in `/version` become variables of the server's environment."""

import pytest

from wireproof.stack import StackError
from wireproof.stack.settings import FUNCTIONAL, environment, given


def test_names_and_values_become_variables():
    found = environment(
        {"heartbeatTimeout": 1.5, "maxConnections": 3, "permessageDeflate": True, "allowedOrigins": ["http://a", "b"]}
    )
    assert found == {
        "REFERENCE_SERVER_HEARTBEAT_TIMEOUT": "1.5",
        "REFERENCE_SERVER_MAX_CONNECTIONS": "3",
        "REFERENCE_SERVER_PERMESSAGE_DEFLATE": "1",
        "REFERENCE_SERVER_ALLOWED_ORIGINS": "http://a,b",
    }


def test_functional_settings_are_known_names():
    assert environment(FUNCTIONAL)["REFERENCE_SERVER_SESSION_TIMEOUT"] == "5"


@pytest.mark.parametrize("name", ["HEARTBEAT_TIMEOUT", "heartbeat-timeout", "", "a b", "heartbeat_timeout"])
def test_a_name_in_another_style_is_refused(name):
    with pytest.raises(StackError, match="is no name of a setting: write it as /version does"):
        environment({name: 1})


def test_a_run_without_settings_of_its_own_is_not_one_with_none():
    assert given("") is None
    assert given("{}") == {}


def test_settings_of_a_run_are_a_json_object():
    assert given('{"defects": ["reorder:0.1"], "messageTimeout": 5}') == {
        "defects": ["reorder:0.1"],
        "messageTimeout": 5,
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{messageTimeout: 5}", r"^\$\{SERVER_SETTINGS\} is no JSON: not JSON: Expecting property name .* position 1$"),
        ("[3]", r'^\$\{SERVER_SETTINGS\} is \[3\]: expected an object, as \{"maxConnections": 3\}$'),
    ],
)
def test_other_settings_of_a_run_are_refused(text: str, says: str):
    with pytest.raises(StackError, match=says):
        given(text)
