"""``models/``: every shape of every operation as a pydantic model."""

from __future__ import annotations

import keyword
import textwrap
from collections.abc import Callable, Iterator, Sequence

from codegen import runtime
from codegen.ir import (
    Blob,
    Conversion,
    ListOf,
    MapOf,
    Member,
    Number,
    Operation,
    Service,
    String,
    Structure,
    StructureRef,
    walk_type,
)
from codegen.naming import camel_case, pascal_case, snake_case
from codegen.render.lazy import lazily
from codegen.render.types import converted_name, field_type, has_limits, limits_text
from codegen.writer import WIDTH, ModuleWriter, docstring

__all__ = ["render"]

_INDENT = "    "


def render(service: Service) -> dict[str, str]:
    """The texts of the package's modules: one for each operation, and for shared shapes.

    Defining a model takes time, so that a program defines only those of the operations it calls.
    """
    package = _Package(service)
    texts = {"scalars": package.scalars()}
    texts |= {module: package.shared(module) for module in package.shared_modules}
    texts |= {operation.method: package.operation(operation) for operation in service.operations}
    texts["__init__"] = package.names()
    return {f"models/{name}.py": text for name, text in texts.items()}


class _Package:
    """The modules of the models, and the module of each model."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._scalars = _limited_scalars(service)
        self._structures = {structure.name: structure for structure in service.structures}
        users: dict[str, set[str]] = {}
        for operation in service.operations:
            for name in self._reached(operation.input, operation.output):
                users.setdefault(name, set()).add(operation.method)
        together: dict[frozenset[str], list[str]] = {}
        for name in self._structures:
            together.setdefault(frozenset(users.get(name, ())), []).append(name)
        self._modules: dict[str, str] = {}
        """The module of each structure. Structures that the same operations use share a module, so
        imports have one direction: at least as many operations use a nested structure."""
        self.shared_modules: list[str] = []
        taken = {"scalars", *(operation.method for operation in service.operations)}
        for methods, names in together.items():
            if len(methods) == 1:
                (module,) = methods
            else:
                # Named after the last one, which contains the others.
                module = snake_case(names[-1])
                if module in taken or keyword.iskeyword(module):
                    module += "_shapes"
                self.shared_modules.append(module)
            self._modules |= dict.fromkeys(names, module)

    def _reached(self, *structures: Structure) -> set[str]:
        """The names of the nested structures, at any depth."""
        found: set[str] = set()
        waiting = [*structures]
        while waiting:
            for name in waiting.pop().parts():
                if name not in found:
                    found.add(name)
                    waiting.append(self._structures[name])
        return found

    def scalars(self) -> str:
        """The scalars with limits."""
        writer = ModuleWriter(
            f"The scalars of {self._service.title} with limits, by the model's names.",
            defines=self._scalars,
        )
        for name, ref in self._scalars.items():
            writer.line(f"{writer.define(name)} = {_limited(ref, writer)}")
        return writer.to_text()

    def shared(self, module: str) -> str:
        """The structures that several operations share."""
        writer = self._writer(module, "Shapes that several operations share.")
        self._define(module, writer)
        return writer.to_text()

    def operation(self, operation: Operation) -> str:
        """The request, the response, and the structures that only these use."""
        service = self._service
        module = operation.method
        own = [operation.input.name, operation.output.name]
        writer = self._writer(module, f"The shapes of {operation.name}.", own)
        self._define(module, writer)
        self._use(operation.output, module, writer)
        _model(
            operation.output,
            writer.use(*(_PARTIAL if operation.batch else (runtime.SHAPES, "Response"))),
            f"The response of :meth:`~.{service.client}.{operation.method}`.",
            writer,
            constant=_partial_members(operation, writer),
        )
        self._use(operation.input, module, writer)
        _model(
            operation.input,
            f"{writer.use(runtime.SHAPES, 'Request')}[{operation.output.name}]",
            _request_doc(service, operation),
            writer,
        )
        return writer.to_text()

    def names(self) -> str:
        """The package's ``__init__.py``, which imports the other modules at first use."""
        service = self._service
        writer = ModuleWriter(
            f"The shapes of {service.title}, API version {service.api_version}.\n\n"
            "Each operation has a module with its request, its response, and the shapes that only\n"
            "these use. Shapes that several operations share have separate modules. A module\n"
            "is imported when one of its names is first used. Attribute names are snake_case;\n"
            "every model is frozen."
        )
        modules = dict(self._modules)
        for operation in service.operations:
            modules[operation.output.name] = modules[operation.input.name] = operation.method
        for name, module in sorted(modules.items()):
            writer.use_type(f".{module}", name)
            writer.define(name)
        lazily(writer, {name: f".{module}" for name, module in modules.items()})
        return writer.to_text()

    def _inside(self, module: str) -> list[Structure]:
        structures = self._service.structures
        return [structure for structure in structures if self._modules[structure.name] == module]

    def _writer(self, module: str, doc: str, names: Sequence[str] = ()) -> ModuleWriter:
        inside = [structure.name for structure in self._inside(module)]
        return ModuleWriter(doc, defines=[*inside, *names])

    def _define(self, module: str, writer: ModuleWriter) -> None:
        for structure in self._inside(module):
            self._use(structure, module, writer)
            doc = structure.doc or f"The ``{structure.name}`` shape."
            _model(structure, writer.use(runtime.SHAPES, "Structure"), doc, writer)
            if structure.sources:
                writer.line(_converted(structure, writer))

    def _use(self, structure: Structure, module: str, writer: ModuleWriter) -> None:
        """Import the names in the fields of a structure that its module does not define."""
        for member in structure.members:
            for ref in walk_type(member.type):
                if isinstance(ref, StructureRef) and self._modules[ref.name] != module:
                    name = field_type(ref, writer, limits=structure.in_input)
                    writer.use(f".{self._modules[ref.name]}", name)
                if isinstance(ref, String | Number) and structure.in_input and has_limits(ref):
                    writer.use(".scalars", ref.shape)
        for conversion in structure.conversions:
            if self._modules[conversion.target] != module:
                writer.use(f".{self._modules[conversion.target]}", conversion.target)


_PARTIAL = (runtime.PARTIAL, "PartialResponse")


def _partial_members(operation: Operation, writer: ModuleWriter) -> str:
    """The class variable with the members that report failures."""
    batch = operation.batch
    if batch is None:
        return ""
    kind = writer.use(runtime.PARTIAL, "PartialMembers")
    return (
        f"partial: {writer.use('typing', 'ClassVar')}[{kind}] = {kind}(\n"
        f'{_INDENT * 2}items="{batch.result.name}", failures="{batch.failures.name}",\n'
        f'{_INDENT * 2}id="{batch.failure_id}", code="{batch.failure_code}",\n'
        f'{_INDENT * 2}reason="{batch.failure_reason}",\n'
        f"{_INDENT})"
    )


def _request_doc(service: Service, operation: Operation) -> str:
    return f"The request of :meth:`~.{service.client}.{operation.method}`."


def _limited_scalars(service: Service) -> dict[str, String | Number]:
    """The scalars with limits in requests, by the model's names."""
    structures = [*service.structures, *(op.input for op in service.operations)]
    found: dict[str, String | Number] = {}
    for structure in structures:
        if structure.in_input:
            for member in structure.members:
                for ref in walk_type(member.type):
                    if isinstance(ref, String | Number) and has_limits(ref):
                        found[ref.shape] = ref
    return dict(sorted(found.items()))


def _limited(ref: String | Number, writer: ModuleWriter) -> str:
    base = "str" if isinstance(ref, String) else ref.kind
    low, high = ("min_length", "max_length") if isinstance(ref, String) else ("ge", "le")
    parts = [f"{low}={ref.min}"] if ref.min is not None else []
    parts += [f"{high}={ref.max}"] if ref.max is not None else []
    if isinstance(ref, String) and ref.pattern is not None:
        parts.append(f"pattern={_raw_string(ref.pattern)}")
    is_json = isinstance(ref, String) and ref.json
    limits = writer.use(runtime.SHAPES, "JsonText" if is_json else "Limits")
    return f"{writer.use('typing', 'Annotated')}[{base}, {limits}({', '.join(parts)})]"


def _raw_string(text: str) -> str:
    literal = f'r"{text}"'
    return literal if '"' not in text and not text.endswith("\\") else repr(text)


def _model(
    structure: Structure, base: str, doc: str, writer: ModuleWriter, constant: str = ""
) -> None:
    generator = _alias_generator(structure)
    keyword = ""
    if generator is pascal_case:
        keyword = f", alias_generator={writer.use(runtime.SHAPES, 'pascal_case')}"
    writer.line(f"class {writer.define(structure.name)}({base}{keyword}, frozen=True):")
    writer.line(docstring(doc, _INDENT))
    if constant:
        writer.line()
        writer.line(f"{_INDENT}{constant}")
    for member in structure.members:
        explicit = generator(member.name) != member.wire_name
        writer.line()
        writer.line(f"{_INDENT}{_field(structure, member, writer, explicit_alias=explicit)}")
        text = _member_doc(structure, member)
        if text:
            writer.line(docstring(text, _INDENT))
    for conversion in structure.conversions:
        writer.line()
        writer.lines(_property(conversion))
    writer.line()


def _property(conversion: Conversion) -> Iterator[str]:
    """The attribute with the structure that the owner can be converted to."""
    yield f"{_INDENT}@property"
    yield f"{_INDENT}def {conversion.attribute}(self) -> {conversion.target}:"
    doc = textwrap.wrap(conversion.doc, WIDTH - 2 * len(_INDENT) - 6)
    yield docstring("\n".join(doc), _INDENT * 2)
    made = f"{conversion.target}({conversion.member}=self.{conversion.value})"
    yield f"{_INDENT * 2}return {made}"


def _converted(structure: Structure, writer: ModuleWriter) -> str:
    """The annotation of a field for which a caller may pass other structures."""
    name = converted_name(structure.name)
    annotated = writer.use("typing", "Annotated")
    converted = writer.use(runtime.CONVERSIONS, "ConvertedFrom")
    sources = ", ".join(f'{source}="{attribute}"' for source, attribute in structure.sources)
    return f"{name} = {annotated}[{structure.name}, {converted}({sources})]\n"


def _alias_generator(structure: Structure) -> Callable[[str], str]:
    """The naming rule that fits most of the structure's members."""
    members = structure.members
    right = {
        rule: sum(rule(member.name) == member.wire_name for member in members)
        for rule in (camel_case, pascal_case)
    }
    return pascal_case if right[pascal_case] > right[camel_case] else camel_case


def _field(
    structure: Structure, member: Member, writer: ModuleWriter, *, explicit_alias: bool
) -> str:
    annotation = field_type(member.type, writer, limits=structure.in_input, enums="..enums")
    default: str | None = None
    if not (
        member.required and (structure.in_input or not isinstance(member.type, ListOf | MapOf))
    ):
        if structure.role != "request" and isinstance(member.type, ListOf | MapOf):
            default = "[]" if isinstance(member.type, ListOf) else "{}"
        else:
            annotation += " | None"
            default = "None"
    options = [f"default={default}"] if default else []
    if explicit_alias:
        options += [
            f'{side}_alias="{member.wire_name}"' for side in ("validation", "serialization")
        ]
    if member.sensitive or isinstance(member.type, Blob):
        options.append("repr=False")
    if len(options) > bool(default):
        return (
            f"{member.name}: {annotation} = {writer.use('pydantic', 'Field')}({', '.join(options)})"
        )
    return f"{member.name}: {annotation}" + (f" = {default}" if default else "")


def _member_doc(structure: Structure, member: Member) -> str:
    parts = [member.doc, limits_text(member) if structure.in_input else ""]
    if member.deprecated:
        parts.append("Deprecated.")
    if member.sensitive:
        parts.append("Secret: not shown in ``repr``.")
    text = " ".join(part for part in parts if part)
    return "\n".join(textwrap.wrap(text, WIDTH - len(_INDENT) - 6))
