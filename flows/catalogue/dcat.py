"""The marts as a record of DCAT-AP-DK in JSON-LD: a catalogue, a dataset per mart, its file as the distribution.

The context stands in the record itself: nothing is fetched to read it. The data stay in the house, and so the record
says that access is not public.
"""

import re
from typing import Any

from flows.catalogue.model import Catalogue, House, sentence

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
AUTHORITY = "http://publications.europa.eu/resource/authority"
THEME = f"{AUTHORITY}/data-theme/SOCI"
NOT_PUBLIC = f"{AUTHORITY}/access-right/NON_PUBLIC"
PARQUET = "https://www.iana.org/assignments/media-types/application/vnd.apache.parquet"
NAMED = re.compile(r"(?P<name>[^<>]*?)\s*(<(?P<address>[^<>\s]+)>)?")


def record(catalogue: Catalogue) -> dict[str, Any]:
    """The record; addresses of files are beside it."""
    snapshot = catalogue.snapshot
    issued = {"@type": "xsd:dateTime", "@value": snapshot.published_at.isoformat()}
    return {
        "@context": CONTEXT,
        "@id": "urn:boligprofil:catalogue",
        "@type": "dcat:Catalog",
        "dct:title": _text("Boligprofil: profiler af boligområder", "da") + _text("Boligprofil: area profiles", "en"),
        "dct:description": _text(f"Snapshot {snapshot.id}, {snapshot.manifest['origin']} figures", "en"),
        "dct:publisher": _publisher(catalogue.house),
        "dct:language": {"@id": f"{AUTHORITY}/language/ENG"},
        "dct:modified": issued,
        "dcat:dataset": [_dataset(catalogue, name, issued) for name in catalogue.marts],
    }


def _dataset(catalogue: Catalogue, name: str, issued: dict[str, str]) -> dict[str, Any]:
    entry, table = catalogue.snapshot.manifest["marts"][name], catalogue.registry.marts[name]
    identifier = f"urn:boligprofil:snapshot:{catalogue.snapshot.id}:{name}"
    licence = "Stays in the house: it holds counts of few people. Terms of the sources stand in the data package."
    return {
        "@id": identifier,
        "@type": "dcat:Dataset",
        "dct:title": _text(name, "en"),
        "dct:description": _text(f"{table.description} {sentence(table.grain)}", "en"),
        "dct:identifier": identifier,
        "dct:publisher": {"@id": _publisher(catalogue.house)["@id"]},
        "dcat:contactPoint": _contact(catalogue.house),
        "dcat:keyword": _text("almene boliger", "da") + _text("social housing", "en"),
        "dcat:theme": {"@id": THEME},
        "dct:accessRights": {"@id": NOT_PUBLIC},
        "dct:issued": issued,
        "dcat:distribution": {
            "@id": f"{identifier}:parquet",
            "@type": "dcat:Distribution",
            "dct:title": _text(entry["file"], "en"),
            "dcat:accessURL": {"@id": f"data/{entry['file']}"},
            "dcat:downloadURL": {"@id": f"data/{entry['file']}"},
            "dcat:mediaType": {"@id": PARQUET},
            "dcat:byteSize": {"@type": "xsd:nonNegativeInteger", "@value": str(entry["bytes"])},
            "dct:rights": _text(licence, "en"),
            "spdx:checksum": {
                "@type": "spdx:Checksum",
                "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
                "spdx:checksumValue": {"@type": "xsd:hexBinary", "@value": entry["sha256"]},
            },
        },
    }


def _publisher(house: House) -> dict[str, Any]:
    """Who publishes, by the address that the house gives itself."""
    name, address = _parted(house.publisher)
    return {
        "@id": address or "urn:boligprofil:publisher",
        "@type": "foaf:Agent",
        "foaf:name": name or "not set (BOLIGPROFIL_PUBLISHER)",
    }


def _contact(house: House) -> dict[str, Any]:
    """Whom to ask; an address with an @ is one of mail."""
    name, address = _parted(house.contact)
    mail = {"vcard:hasEmail": {"@id": f"mailto:{address}"}} if "@" in address else {}
    page = {"vcard:hasURL": {"@id": address}} if address and not mail else {}
    words = name or address or "not set (BOLIGPROFIL_CONTACT)"
    return {"@id": "urn:boligprofil:contact", "@type": "vcard:Kind", "vcard:fn": words, **mail, **page}


def _parted(words: str) -> tuple[str, str]:
    found = NAMED.fullmatch(words.strip())
    return (found["name"], found["address"] or "") if found else (words.strip(), "")


def _text(words: str, language: str) -> list[dict[str, str]]:
    return [{"@language": language, "@value": words}]
