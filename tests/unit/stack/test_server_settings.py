"""Settings by their names in `/version` become variables of the server's environment."""

import pytest

from wireproof.stack import StackError
from wireproof.stack.settings import FUNCTIONAL, environment


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
