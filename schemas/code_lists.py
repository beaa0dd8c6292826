"""What a row of each list in codes/ may say."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.model import Identifier, Model, MunicipalityCode, Slug, Text, YearText

# What an exception of these kinds names: just one thing.
NAMED = {"gone": ("file", "source"), "fall": ("mart", "source")}


class Code(Model):
    """A row of a list in codes/. No two rows share the values of any tuple of columns in `unique`."""

    unique: ClassVar[tuple[tuple[str, ...], ...]]


class AreaCode(Code):
    """A housing area."""

    unique = (("area_id",),)
    area_id: Slug
    name: Text
    municipality_code: MunicipalityCode


class AliasCode(Code):
    """Another spelling of an area's name."""

    unique = (("area_id", "alias"),)
    area_id: Slug
    alias: Text
    seen_in: Text


class RelationCode(Code):
    """How an area's boundary relates to that of an area as a source shows it."""

    unique = (("area_id", "source"),)
    area_id: Slug
    source: Identifier
    listed_as: Slug
    relation: Literal["same", "part_of", "overlaps"]
    note: str


class SecretariatCode(Code):
    """An area secretariat; deliveries name it by its municipality."""

    unique = (("secretariat_id",), ("municipality_code",))
    secretariat_id: Slug
    name_da: Text
    municipality_code: MunicipalityCode


class BandCode(Code):
    """What size bands and funding bands have in common."""

    label_da: Text
    label_en: Text


class SizeBandCode(BandCode):
    """A band of dwellings, closed on the left; open upwards where the upper edge is empty."""

    unique = (("size_band",), ("label_da",))
    size_band: Text
    lower_dwellings: Annotated[str, Field(pattern=r"^\d+$")]
    upper_dwellings: Annotated[str, Field(pattern=r"^\d*$")]


class FundingBandCode(BandCode):
    """A band of million DKK; each edge says whether it belongs to the band."""

    unique = (("funding_band",), ("label_da",))
    funding_band: Text
    lower_mio_dkk: Annotated[str, Field(pattern=r"^\d+$")]
    upper_mio_dkk: Annotated[str, Field(pattern=r"^\d*$")]
    lower_included: Literal["true", "false"]
    upper_included: Literal["true", "false", ""]


class PlaceNameCode(Code):
    """A name or code by which a source calls a place, and since when; `outside` is a place that nobody asks for."""

    unique = (("name", "used"),)
    name: Text
    geography: Literal["municipality", "region", "country", "elsewhere", "outside"]
    geography_id: str
    used: Literal["always", "from_2007", "before_2007"]
    seen_in: Text


class FigureOwnerCode(Code):
    """Whose figures are; in the order in which a profile takes them where an indicator declares no other."""

    unique = (("figure_owner",),)
    figure_owner: Identifier
    name_da: Text


class BoundaryBreakCode(Code):
    """From a year on an area is another piece of the town: figures before and after it are not of one series."""

    unique = (("area_id", "from_year"),)
    area_id: Slug
    from_year: YearText
    happened_da: Text
    happened_en: Text
    stated_in: Text


class DefinitionBreakCode(Code):
    """From a year on an indicator is counted in another way, by the owner that is named or, without a name, by all."""

    unique = (("indicator", "from_year", "figure_owner"),)
    indicator: Identifier
    from_year: YearText
    figure_owner: str
    happened_da: Text
    happened_en: Text
    stated_in: Text


class BreakdownPartCode(Code):
    """A part of a dimension and the pattern of how sources write it; where no part stands, it is the number in it."""

    unique = (("dimension", "part"),)
    dimension: Identifier
    part: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]*)?$")]
    written: Text


class ListTypeCode(Code):
    """One of the ministry's lists: since which year there is one, and what it was called until it was renamed.

    `also_called` are further names by which senders call it, with '|' between them.
    """

    unique = (("list_type",), ("label_da",))
    list_type: Identifier
    label_da: Text
    label_en: Text
    from_year: Annotated[str, Field(pattern=r"^\d{4}$")]
    called_before: str
    renamed_in: Annotated[str, Field(pattern=r"^(\d{4})?$")]
    also_called: str


class EffortAreaCode(Code):
    """A theme of the grants."""

    unique = (("effort_area_id",),)
    effort_area_id: Slug
    name_da: Text
    listed_in: Text


class ProjectOrganisationCode(Code):
    """How a plan's project is anchored (chapter 4 of the report)."""

    unique = (("project_organisation",),)
    project_organisation: Slug
    name_da: Text


class ProjectSecretariatCode(Code):
    """How a plan's own secretariat is staffed (chapter 4 of the report)."""

    unique = (("project_secretariat",),)
    project_secretariat: Slug
    name_da: Text


class ImplementationAttributeCode(Code):
    """A dimension of how plans and area secretariats are carried out (chapter 4, tables 5.1 and 5.2 of the report).

    `holds` says what an entry of it is: one answer, any number of answers, a theme (an effort area or an indicator), or
    what the source plan_organisation says.
    """

    unique = (("attribute",), ("name_da",))
    attribute: Identifier
    unit_kind: Literal["plan", "secretariat"]
    holds: Literal["answer", "answers", "theme", "organisation"]
    name_da: Text
    stated_in: Text


class ImplementationAnswerCode(Code):
    """An answer to one attribute; what stands before the colon is the attribute."""

    unique = (("answer",), ("name_da",))
    answer: Annotated[str, Field(pattern=r"^[a-z][a-z_]*:[a-z]+(-[a-z]+)*$")]
    name_da: Text


class SplitCode(Code):
    """A municipality that the reform of 2007 divided, and the heir that took over most of it."""

    unique = (("old_municipality_code",),)
    old_municipality_code: MunicipalityCode
    main_heir_code: MunicipalityCode
    basis: Text


class AttachmentCode(Code):
    """A tie to work or education, or a benefit: whether its months count as outside work, in which years, says who."""

    unique = (("attachment", "from_year"),)
    attachment: Identifier
    name_da: Text
    is_outside: Literal["yes", "no"]
    from_year: YearText | Literal[""]
    to_year: YearText | Literal[""]
    stated_in: Text


CODES: dict[str, type[Code]] = {
    "areas": AreaCode,
    "area_aliases": AliasCode,
    "area_relations": RelationCode,
    "secretariats": SecretariatCode,
    "size_bands": SizeBandCode,
    "funding_bands": FundingBandCode,
    "figure_owners": FigureOwnerCode,
    "boundary_breaks": BoundaryBreakCode,
    "definition_breaks": DefinitionBreakCode,
    "breakdown_parts": BreakdownPartCode,
    "list_types": ListTypeCode,
    "effort_areas": EffortAreaCode,
    "project_organisations": ProjectOrganisationCode,
    "project_secretariats": ProjectSecretariatCode,
    "implementation_attributes": ImplementationAttributeCode,
    "implementation_answers": ImplementationAnswerCode,
    "place_names": PlaceNameCode,
    "split_municipalities": SplitCode,
    "attachments": AttachmentCode,
}
