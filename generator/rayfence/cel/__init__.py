"""CEL as text: small expressions, their layout, tenant rows, and the variables that rules may read."""

from rayfence.cel.text import (
    amount,
    as_list,
    entries,
    filled,
    is_quantity,
    items,
    let,
    literal,
    literals,
    long_literal,
    number,
    said,
    scalar,
    steps,
    value,
    when,
)

__all__ = [
    "amount",
    "as_list",
    "entries",
    "filled",
    "is_quantity",
    "items",
    "let",
    "literal",
    "literals",
    "long_literal",
    "number",
    "said",
    "scalar",
    "steps",
    "value",
    "when",
]
