"""Whether a statement may leave something behind when its transaction ends, judged by its text alone."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SILENT = re.compile(
    r"""
    --[^\n]*+
    | /\*.*?(?:\*/|\Z)
    | [eE]'(?:[^'\\]|''|\\.)*+(?:'|\Z)
    | '(?:[^']|'')*+(?:'|\Z)
    | \$([A-Za-z_][A-Za-z_0-9]*+)?\$.*?(?:\$(?(1)\1)\$|\Z)
    """,
    re.DOTALL | re.VERBOSE,
)
"""Comments and texts: what stands in them is not SQL."""
_COMMENT = ("--", "/*")

_PREPARED = re.compile(r"\s*PREPARE\s+TRANSACTION\b", re.IGNORECASE)
_VERB = re.compile(r"[\s(]*([A-Za-z]+)")
_WRITES = re.compile(r"\b(?:INSERT|UPDATE|DELETE|MERGE|INTO|CALL)\b(?<!FOR UPDATE)(?<!KEY UPDATE)", re.IGNORECASE)
_NAME = r'(?:"[^"]*+"|[A-Za-z_][\w$]*+)'
_CALL = re.compile(rf"(?<![\w$])(?:(AS)\s++)?(?:({_NAME})\s*+\.\s*+)?({_NAME})\s*+\(", re.IGNORECASE)
_COMMON_TABLE = re.compile(
    r"(?<![\w$])([A-Za-z_]\w*+)\s*+(?:\([^()]*+\)\s*+)?AS\s*+(?:(?:NOT\s++)?MATERIALIZED\s*+)?\(", re.IGNORECASE
)

_BEGINS = frozenset({"BEGIN", "START"})
_COMMITS = frozenset({"COMMIT", "END"})
_UNDOES = re.compile(r"\s*(?:ROLLBACK|ABORT)\b(?!.*\bTO\b)", re.IGNORECASE | re.DOTALL)
_QUERIES = frozenset({"SELECT", "WITH", "VALUES", "TABLE", "EXPLAIN"})
_HARMLESS = _words(
    """
    ABORT ROLLBACK SAVEPOINT RELEASE SET RESET SHOW DISCARD DEALLOCATE LISTEN UNLISTEN DECLARE FETCH MOVE CLOSE PREPARE
    """
)
_WORDS = _words(
    """
    select from where and or not on by in any all some exists union except intersect when then else case distinct over
    filter within group having limit offset returning values row array using between like ilike is as lateral only
    partition order interval cast extract materialized unnest
    char varchar character bit numeric decimal time timestamp float
    """
)
"""Words that a parenthesis may follow without being called, and types that have a length."""
_FUNCTIONS = _words(
    """
    abs age avg bool_and bool_or btrim cardinality ceil ceiling char_length chr clock_timestamp coalesce
    col_description concat concat_ws count cume_dist current_database current_schema current_schemas current_setting
    current_user date_bin date_part date_trunc decode dense_rank encode every first_value floor format format_type
    gen_random_uuid generate_series generate_subscripts greatest hashtext hashtextextended host initcap isfinite lag
    last_value lead least left length lower lpad ltrim make_interval max md5 min mod mode now nth_value ntile nullif
    obj_description octet_length overlay percent_rank percentile_cont percentile_disc position power random rank repeat
    replace reverse right round row_number row_to_json rpad rtrim set_config sha256 shobj_description sign split_part
    sqrt starts_with statement_timestamp stddev string_agg string_to_array string_to_table strpos substr substring sum
    timezone to_char to_date to_json to_jsonb to_number to_regclass to_regtype to_timestamp to_tsquery to_tsvector
    transaction_timestamp translate trim trunc ts_rank upper uuidv4 uuidv7 variance version width_bucket
    """
)
"""PostgreSQL's own functions that queries use most and that leave nothing behind."""
_FAMILIES = ("array_", "has_", "inet_", "json_", "jsonb_", "pg_", "quote_", "regexp_", "txid_")
"""What the names of others of those start with."""
_EXCEPTION = "pg_notify"


@dataclass(frozen=True, slots=True)
class Transaction:
    """How far a session's transaction has come.

    Attributes:
        is_open: whether a transaction block is open.
        may_have_written: whether something in the block may have written.
    """

    is_open: bool = False
    may_have_written: bool = False


@lru_cache(maxsize=128)
def may_commit(sql: str, before: Transaction) -> tuple[bool, Transaction]:
    """Whether a transaction that may have written something ends with these statements, and what is open after them.

    That is a COMMIT after anything but plain reads, and anything but plain reads outside a transaction block. A
    function that nobody knows may write, so a `SELECT` that calls one counts; so does what cannot be read.

    Args:
        sql: one statement, or several with semicolons between them.
        before: what is open when the server comes to them.
    """
    found, transaction = False, before
    for statement in _statements(sql):
        verb = _verb(statement)
        if verb in _BEGINS:
            transaction = Transaction(is_open=True)
        elif verb in _COMMITS or _PREPARED.match(statement):
            found = found or transaction.may_have_written or "PREPARED" in statement.upper()
            transaction = Transaction()
        elif _UNDOES.match(statement):
            transaction = Transaction()
        elif not _only_reads(verb, statement):
            found = found or not transaction.is_open
            transaction = replace(transaction, may_have_written=transaction.is_open)
    return found, transaction


def _statements(sql: str) -> list[str]:
    """The statements without comments and texts."""
    bare = _SILENT.sub(lambda found: " " if found[0].startswith(_COMMENT) else " '' ", sql)
    return [statement for statement in bare.split(";") if statement.strip()]


def _verb(statement: str) -> str:
    found = _VERB.match(statement)
    return found[1].upper() if found else ""


def _only_reads(verb: str, statement: str) -> bool:
    if verb in _HARMLESS:
        return True
    if verb == "COPY":
        return bool(re.search(r"\bTO\s+STDOUT\b", statement, re.IGNORECASE))
    return verb in _QUERIES and not _WRITES.search(statement) and not _calls_unknown(statement)


def _calls_unknown(statement: str) -> bool:
    tables = {name.lower() for name in _COMMON_TABLE.findall(statement)}
    for alias, in_schema, name in _CALL.findall(statement):
        schema, function = in_schema.lower(), name.lower()
        if alias or (not schema and (function in _WORDS or function in tables)):
            continue
        known = function in _FUNCTIONS or (function.startswith(_FAMILIES) and function != _EXCEPTION)
        if not known or schema not in ("", "pg_catalog"):
            return True
    return False
