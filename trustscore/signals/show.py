"""Trees of expressions as text again, in the words of the file."""

from __future__ import annotations

from trustscore.signals.tree import Call, In, Is, Literal, Name, Node, Operation, Setting

__all__ = ["show"]

_BINDS = {"or": 1, "and": 2, "not": 3, "+": 5, "-": 5, "*": 6, "/": 6, "neg": 7}
_COMPARES = 4


def show(node: Node, outer: int = 0) -> str:
    """Return the text of a tree, with brackets only where they are needed.

    Examples
    --------
    >>> from trustscore.signals.tree import parse
    >>> show(parse("((a) or b = 3) and not c in ('x')"))
    "(a or b = 3) and not c in ('x')"
    >>> show(parse("x is not null"))
    'x is not null'
    """
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Setting):
        return f"@{node.name}"
    if isinstance(node, Literal):
        return _literal(node)
    if isinstance(node, Call):
        return f"{node.name}({', '.join(show(part) for part in node.arguments)})"
    if isinstance(node, Is):
        return f"{show(node.value, 9)} is null"
    if isinstance(node, In):
        if isinstance(node.among, Setting):
            among = f"@{node.among.name}"
        else:
            among = f"({', '.join(map(_literal, node.among))})"
        return f"{show(node.value, 9)} in {among}"
    return _operation(node, outer)


def _literal(node: Literal) -> str:
    if node.value is None:
        return "null"
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    if isinstance(node.value, str):
        return "'" + node.value.replace("'", "''") + "'"
    return format(node.value, "f")


def _operation(node: Operation, outer: int) -> str:
    binds = _BINDS.get(node.sign, _COMPARES)
    first = node.operands[0]
    if node.sign == "not":
        if isinstance(first, Is):
            return f"{show(first.value, 9)} is not null"
        text = f"not {show(first, binds)}"
    elif node.sign == "neg":
        text = f"-{show(first, binds)}"
    else:
        # A second operand of the same strength needs its brackets: a - (b - c).
        text = f"{show(first, binds)} {node.sign} {show(node.operands[1], binds + 1)}"
    return f"({text})" if binds < outer else text
