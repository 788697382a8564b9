# ruff: noqa: INP001 # a script is in no package
"""Contracts of import-linter that it does not have itself; `pyproject.toml` names them, `lint-imports` runs them."""

from __future__ import annotations

from collections.abc import Iterator

import grimp
from importlinter import Contract, ContractCheck, fields, output
from importlinter.application import contract_utils

NOUNS = frozenset(
    ("billing", "encoding", "fencing", "logging", "pricing", "rendering", "routing", "streaming", "string", "testing")
)
"""Names that end like a gerund and are nouns of the field."""


class NoCircles(Contract):
    """No module imports itself by way of others; imports for types alone count."""

    ignore_imports = fields.SetField(subfield=fields.ImportExpressionField(), required=False)
    unmatched_ignore_imports_alerting = fields.EnumField(
        contract_utils.AlertLevel, default=contract_utils.AlertLevel.ERROR
    )

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001 # its interface
        """Finds every circle."""
        removed = contract_utils.remove_ignored_imports_and_report(
            graph=graph,
            ignore_imports=self.ignore_imports,  # type: ignore[arg-type] # a field is a descriptor
            unmatched_alerting=self.unmatched_ignore_imports_alerting,  # type: ignore[arg-type] # as above
        )
        circles = [list(circle) for circle in _circles(graph)]
        return ContractCheck(
            kept=not circles,
            warnings=list(removed.warnings),
            ignored_import_count=removed.ignored_import_count,
            metadata={"circles": circles},
        )

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Writes the shortest way around of each."""
        for circle in check.metadata["circles"]:
            output.print_error(" -> ".join([*circle, circle[0]]), bold=False)


class NounModules(Contract):
    """No module has a name that ends in `ing`, but for the nouns of the field."""

    ignore_modules = fields.SetField(subfield=fields.StringField(), required=False)

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001 # its interface
        """Looks at every name; an ignored one that is no module is told too, so that the list only shrinks."""
        ignored = {str(name) for name in self.ignore_modules or ()}  # type: ignore[attr-defined] # as above
        found = {name for name in graph.modules if _is_gerund(name)}
        return ContractCheck(
            kept=found <= ignored,
            warnings=[f"{name} is no gerund module any more: take it off the list" for name in ignored - found],
            metadata={"modules": sorted(found - ignored)},
        )

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Writes the names."""
        for name in check.metadata["modules"]:
            output.print_error(f"{name}: a module is named with a noun (see CONTRIBUTING.md)", bold=False)


def _is_gerund(module: str) -> bool:
    words = module.rpartition(".")[2].split("_")
    return any(word.endswith("ing") and word not in NOUNS for word in (words[0], words[-1]))


def _circles(graph: grimp.ImportGraph) -> Iterator[list[str]]:
    """The shortest circle through the first module of each knot, until nothing is left to follow."""
    left = {name: graph.find_modules_directly_imported_by(name) for name in sorted(graph.modules)}
    for start in sorted(left):
        circle = _way(left, start)
        if circle:
            yield circle
            for name in circle:
                left[name] = set()


def _way(imports: dict[str, set[str]], start: str) -> list[str] | None:
    """The shortest way from a module back to it."""
    came_from: dict[str, str] = {}
    queue = [start]
    for module in queue:
        for other in sorted(imports[module]):
            if other == start:
                way = [module]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if other not in came_from:
                came_from[other] = module
                queue.append(other)
    return None
