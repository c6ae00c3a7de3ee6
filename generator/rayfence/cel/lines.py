"""Breaks a CEL expression into lines: if it does not fit on one line, the outermost operation is broken.

The layout depends on the tokens alone, and changes none: white space that the text came with is dropped. All backends
show an expression in the same lines, so the width leaves room for the deepest indentation in any of them.
"""

from __future__ import annotations

from functools import lru_cache

from rayfence.cel.syntax import Binary, Bracket, Entry, Member, Node, Ternary, Unary, Word, parsed

LINE = 120
"""Characters in a line of a policy's file, which no line of an expression exceeds."""

INDENTATION = 12
"""Columns before an expression where it stands deepest: in a Gatekeeper template, and in a kustomization's patch."""

WIDTH = LINE - INDENTATION

_STEP = 2
_SHORT = 40
"""Characters that may follow the closing bracket of a broken call before the chain of calls is broken instead."""

Lines = list[str]


@lru_cache(maxsize=1024)
def layout(expression: str, width: int = WIDTH) -> str:
    """The expression in lines of at most `width` characters, but for longer tokens. Raises NotCel."""
    return "\n".join(_lines(parsed(expression), width))


def _lines(node: Node, width: int, before: int = 0, after: int = 0) -> Lines:
    """A node in lines, the first of which begins at column `before`; behind the last one, `after` columns stay free."""
    if before + node.width + after <= width:
        return [node.flat]
    match node:
        case Ternary():
            return _ternary(node, width, before, after)
        case Binary():
            return _binary(node, width, before, after)
        case Unary():
            return _headed(node.operator, _lines(node.operand, width, before + len(node.operator), after))
        case Bracket():
            return _bracket(node, width, before, after)
        case Entry():
            return _entry(node, width, after)
        case Member():
            return _member(node, width, before, after)
        case _:
            return [node.flat]


def _ternary(node: Ternary, width: int, before: int, after: int) -> Lines:
    """An arm a line: `condition ? value`, then `: condition ? value`, at last `: value`."""
    lines: Lines = []
    for condition, value in node.arms:
        head = ": " if lines else ""
        lines += _arm(head, condition, value, width, 0 if lines else before)
    return lines + _headed(": ", _nested(node.otherwise, width, len(": "), after))


def _arm(head: str, condition: Node, value: Node, width: int, before: int) -> Lines:
    asked = f"{head}{condition.flat} ? "
    if before + len(asked) + value.width <= width:
        return [asked + value.flat]
    stands_alone = len("? ") + len(head) + _STEP + value.width <= width
    if isinstance(value, Bracket) and before + len(asked) <= width // 2 and not stands_alone:
        return _headed(asked, _lines(value, width, before + len(asked)))
    lines = _lines(condition, width - len(head), before)
    step = _STEP if len(lines) == 1 else _STEP + len(head)
    answer = _headed("? ", _nested(value, width - step, len("? ")))
    return _headed(head, [lines[0], *_indented(lines[1:], len(head))]) + _indented(answer, step)


def _binary(node: Binary, width: int, before: int, after: int) -> Lines:
    if node.compares and len(node.operators) == 1:
        return _comparison(node, width, before, after)
    first, *others = node.operands
    lines = _nested(first, width, before)
    for number, (operator, operand) in enumerate(zip(node.operators, others, strict=True), 1):
        room = after if number == len(others) else 0
        lines += _headed(f"{operator} ", _nested(operand, width, len(operator) + 1, room))
    return lines


def _comparison(node: Binary, width: int, before: int, after: int) -> Lines:
    """The wider side is broken where the other one fits beside it; else the operator begins a line."""
    (left, right), (operator,) = node.operands, node.operators
    between = f" {operator} "
    most = width - 1 if isinstance(right, Bracket) else width // 2
    if right.width > left.width and _closes(right) and before + left.width + len(between) <= most:
        return _headed(left.flat + between, _lines(right, width, before + left.width + len(between), after))
    lines = _nested(left, width, before)
    if _closes(left) and len(lines) > 1 and len(lines[-1]) + len(between) + right.width + after <= width:
        return [*lines[:-1], lines[-1] + between + right.flat]
    tail = _headed(f"{operator} ", _nested(right, width - _STEP, len(operator) + 1, after))
    return lines + _indented(tail, _STEP)


def _bracket(node: Bracket, width: int, before: int, after: int) -> Lines:
    """An item a line. What a macro binds stays on the first one, and so does the only item where it is a bracket."""
    bound = "".join(f"{item.flat}, " for item in node.items[: node.bound])
    items = node.items[node.bound :]
    if not items:
        return [node.flat]
    opening = node.opening + bound
    closing = ("," if node.trailing else "") + node.closing
    if len(items) == 1 and _closes(items[0]) and not node.is_table and _is_held(items[0]):
        lines = _lines(items[0], width, before + len(opening), len(closing) + after)
        if before + len(opening) + len(lines[0]) <= width:
            return _headed(opening, [*lines[:-1], lines[-1] + closing])
    lines = []
    for number, item in enumerate(items, 1):
        comma = "," if number < len(items) or node.trailing else ""
        laid = _lines(item, width - _STEP, 0, len(comma))
        lines += [*laid[:-1], laid[-1] + comma]
    return [opening.rstrip(), *_indented(lines, _STEP), node.closing]


def _entry(node: Entry, width: int, after: int) -> Lines:
    """A key and its value, which stands below its key where it is broken and no bracket."""
    *lines, last = _lines(node.key, width, 0, 1)
    head = f"{last}: "
    if len(head) + node.value.width + after <= width:
        return [*lines, head + node.value.flat]
    if _closes(node.value):
        laid = _lines(node.value, width, len(head), after)
        if len(head) + len(laid[0]) <= width:
            return [*lines, *_headed(head, laid)]
    return [*lines, f"{last}:", *_indented(_lines(node.value, width - _STEP, 0, after), _STEP)]


def _member(node: Member, width: int, before: int, after: int) -> Lines:
    """A chain of calls: its widest bracket is broken where the rest is short, else each call begins a line."""
    head, calls = node.chain()
    laid = _at_widest(node.pieces, width, before, after, usual=len(calls) > 1 or isinstance(head[0], Bracket))
    if laid is not None:
        return laid
    lines = _at_widest(head, width, before, 0, usual=False) or _selected(head, width, before)
    step = 0 if len(lines) > 1 and isinstance(head[0], Bracket) else _STEP
    for number, call in enumerate(calls, 1):
        room = after if number == len(calls) else 0
        flat = "".join(piece.flat for piece in call)
        fits = step + len(flat) + room <= width and sum(piece.width for piece in call) == len(flat)
        laid = [flat] if fits else _at_widest(call, width - step, 0, room, usual=False)
        lines += _indented(laid or [flat], step)
    return lines


def _at_widest(pieces: tuple[Node, ...], width: int, before: int, after: int, *, usual: bool) -> Lines | None:
    """The pieces with the widest bracket broken; None where there is none, or where it is better to break a chain."""
    brackets = [number for number, piece in enumerate(pieces) if isinstance(piece, Bracket)]
    if not brackets:
        return None
    widest = max(brackets, key=lambda number: pieces[number].width)
    bracket, others = pieces[widest], [piece for number, piece in enumerate(pieces) if number != widest]
    head = "".join(piece.flat for piece in pieces[:widest])
    tail = "".join(piece.flat for piece in pieces[widest + 1 :])
    fits = before + len(head) + 1 <= width and sum(piece.width for piece in others) == len(head) + len(tail)
    loops = any(isinstance(piece, Bracket) and piece.bound for piece in pieces[widest + 1 :])
    if usual and (not fits or loops or len(head) > width // 2 or len(tail) > _SHORT):
        return None
    lines = _lines(bracket, width, before + len(head), len(tail) + after)
    return _headed(head, [*lines[:-1], lines[-1] + tail])


def _selected(head: tuple[Node, ...], width: int, before: int) -> Lines:
    """Names one behind the other, as many on a line as fit."""
    lines = [head[0].flat]
    for piece in head[1:]:
        used = len(lines[-1]) + (before if len(lines) == 1 else 0)
        if used + piece.width <= width or not piece.flat.startswith("."):
            lines[-1] += piece.flat
        else:
            lines.append(" " * _STEP + piece.flat)
    return lines


def _nested(node: Node, width: int, before: int, after: int = 0) -> Lines:
    """A node behind an operator: its further lines stand further in, unless its last one is a closing bracket."""
    if _closes(node) or before + node.width + after <= width:
        return _lines(node, width, before, after)
    first, *others = _lines(node, width - _STEP, before, after)
    return [first, *_indented(others, _STEP)]


def _closes(node: Node) -> bool:
    """Whether the broken node ends with a line that closes a bracket at its beginning's column."""
    match node:
        case Unary():
            return _closes(node.operand)
        case Binary(operands=(left, Bracket() as right), compares=True):
            return right.width > left.width
        case _:
            return isinstance(node, Bracket | Member | Word)


def _is_held(node: Node) -> bool:
    """Whether a bracket that holds nothing else opens and closes on this node's lines: `([`, `dyn({`."""
    match node:
        case Bracket():
            return node.opening != "("
        case Member():
            return len(node.pieces) == 2 and isinstance(node.pieces[1], Bracket) and len(node.pieces[1].items) == 1
        case _:
            return False


def _headed(head: str, lines: Lines) -> Lines:
    return [head + lines[0], *lines[1:]]


def _indented(lines: Lines, step: int) -> Lines:
    return [" " * step + line for line in lines]
