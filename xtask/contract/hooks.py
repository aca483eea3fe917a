"""What JSON Schema cannot say of Kith's API, so that Schemathesis takes it for a failure.

Each exception has its reason, and a test of its own that is no wider than the reason.
"""

import re
import unicodedata

import schemathesis
from hypothesis import strategies
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.core.jsonschema import make_validator
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import CoveragePhaseData
from schemathesis.openapi.checks import EnsureResourceAvailability
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.openapi.checks import UseAfterFree

MOST_WORDS = 32

# A card says more than a schema of text can.
CARDS = strategies.text(strategies.characters(categories=["L", "N"]), min_size=1, max_size=40).map(
    lambda name: f"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:{name}\r\nX-OTHER:kept\r\nEND:VCARD\r\n".encode()
)
schemathesis.openapi.media_type("text/vcard", CARDS)

# The contacts that were restored and not deleted since, by their ids.
RESTORED = set()

# The contacts that were deleted and not restored since.
DELETED = set()


@schemathesis.serializer("text/vcard")
def vcards(context, value):
    """Any text is a file of vCards: what is no card in it is reported."""
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.hook
def after_call(context, case, response):
    if case.path.endswith("/restore") and response.status_code == 200:
        id = response.json()["contact"]["id"]
        RESTORED.add(id)
        DELETED.discard(id)
    # A trash that is emptied has no id, and what was in it was deleted before.
    if case.method == "DELETE" and response.status_code == 204 and case.path_parameters:
        id = case.path_parameters["id"]
        RESTORED.discard(id)
        DELETED.add(id)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Takes out what would hide how the rest of a request is judged.

    In its coverage phase Schemathesis varies one part of a request and keeps the others, among them
    a made-up cursor, which is refused, and one Idempotency-Key for all bodies, of which the first
    is accepted. There it also fills headers with letters and digits only, whatever their pattern
    says, and takes them to be right."""
    if not is_meant_to_be_wrong(case, ParameterLocation.HEADER):
        described = case.operation.get_parameter_set(ParameterLocation.HEADER).schema
        for name, schema in described.get("properties", {}).items():
            if name in case.headers and not is_valid(case, schema, case.headers[name]):
                del case.headers[name]
    data = case.meta.phase.data
    if isinstance(data, CoveragePhaseData):
        if data.parameter != "cursor":
            case.query.pop("cursor", None)
        if data.parameter != "Idempotency-Key":
            case.headers.pop("Idempotency-Key", None)


def is_valid(case, schema, value):
    validator = case.operation.schema.adapter.jsonschema_validator_cls
    return make_validator(schema, validator).is_valid(value)


def is_meant_to_be_wrong(case, location):
    """Whether this part of a request was made to differ from its description."""
    data = case.meta.phase.data
    if isinstance(data, CoveragePhaseData):
        return case.meta.generation.mode.is_negative and data.parameter_location == location
    return case.meta.is_negative_at(location)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Whether a failure is one."""
    if isinstance(failure, AcceptedNegativeData):
        return not (has_a_blank_book(case) or is_as_described_once_cleaned(case, response))
    if isinstance(failure, UseAfterFree):
        return not (is_undone_import(case) or has_been_restored(response))
    if isinstance(failure, EnsureResourceAvailability):
        return not has_been_deleted(case, response)
    if isinstance(failure, RejectedPositiveData):
        return not (
            has_a_made_up_cursor(case, response)
            or has_too_many_words(case, response)
            or says_too_little(case, response)
            or has_a_text_that_grows(case, response)
            or is_no_picture(case, response)
            or is_a_label_that_is_taken(response)
            or is_a_day_without_a_year_around_it(case, response)
        )
    return True


def has_a_blank_book(case):
    """A blank `book` is that of a form in which nothing was chosen: the first book of the caller."""
    others = (ParameterLocation.PATH, ParameterLocation.BODY, ParameterLocation.HEADER)
    return case.query.get("book") == "" and not any(is_meant_to_be_wrong(case, other) for other in others)


def is_a_label_that_is_taken(response):
    """Another label may have the name that was made up for this one."""
    return response.status_code == 409 and response.json()["type"] == "urn:kith:label-exists"


def is_as_described_once_cleaned(case, response):
    """Kith cleans text before it judges it: blanks at the ends go, and entries that say nothing. The schemas describe
    clean text, because that is always accepted. The answer has what is left of each text; with that, the body must be
    as described."""
    others = (ParameterLocation.PATH, ParameterLocation.QUERY, ParameterLocation.HEADER)
    if any(is_meant_to_be_wrong(case, other) for other in others):
        return False
    if response.status_code not in (200, 201) or not isinstance(case.body, dict):
        return False
    contact = response.json()["contact"]
    body = {
        field: contact.get(field) if is_text(value) else value for field, value in case.body.items()
    }
    if case.method == "PUT" and contact["email"] is None:
        # A contact that is saved without an address may be sent back without one.
        body.setdefault("emails", [])
    schema = case.operation.get_body_for_media_type(case.media_type).optimized_schema
    return is_valid(case, schema, body)


def is_text(value):
    """Whether a value is a text, or consists of texts and of nothing else that could be wrong."""
    if isinstance(value, list):
        return all(map(is_text, value))
    if isinstance(value, dict):
        return all(is_text(part) or isinstance(part, bool) for part in value.values())
    return isinstance(value, str) or value is None


def has_been_restored(response):
    """A deleted contact is in the trash, and comes back out of it when it is restored."""
    return response.status_code == 200 and response.json()["contact"]["id"] in RESTORED


def is_undone_import(case):
    """DELETE undoes an import, whose report stays."""
    return case.path.startswith("/api/imports/")


def has_been_deleted(case, response):
    """A contact in the trash does not move. Schemathesis knows that a deleted one is gone where DELETE has the same
    address, and a move has another one."""
    return response.status_code == 404 and case.path_parameters["id"] in DELETED


def has_a_made_up_cursor(case, response):
    """A cursor is opaque: only those that Kith has sent can be read, and each in its own sort."""
    reasons = ("This cursor", "The cursor is not one of a list")
    return "cursor" in case.query and any(is_refused_for(response, reason) for reason in reasons)


def is_refused_for(response, reason):
    return response.status_code == 400 and response.json()["detail"].startswith(reason)


def has_too_many_words(case, response):
    """A search may be as long as its schema says, and be of more words than one search takes. Kith splits at marks and
    between scripts as well, so only the characters bound their number from above."""
    too_many = is_refused_for(response, f"Search for at most {MOST_WORDS} words.")
    return too_many and len(str(case.query.get("q", ""))) > MOST_WORDS


def is_a_day_without_a_year_around_it(case, response):
    """A day is described by its format, and the first year and the last two have no whole year around them."""
    year = str(case.query.get("from", ""))[:4]
    return is_refused_for(response, "`from` is a day") and year in ("0000", "9998", "9999")


def says_too_little(case, response):
    """A contact says something, and programs are told what since the first release. Blank text says nothing."""
    if is_refused_for(response, "Enter a name for the label") and shows_nothing(case.body["name"]):
        return True
    too_little = ("Name and email are required", "Enter a name, or anything else")
    if not any(is_refused_for(response, reason) for reason in too_little):
        return False

    def is_blank(name):
        text = case.body.get(name)
        return not isinstance(text, str) or shows_nothing(text)

    # An amendment empties what the contact said.
    return is_blank("name") or is_blank("email")


def shows_nothing(text):
    """Unicode has more marks and invisible characters than a pattern can list."""
    return all(unicodedata.category(c)[0] in "MCZ" for c in text)


def is_no_picture(case, response):
    """A schema cannot say which bytes are a picture."""
    return case.path.endswith("/photo") and case.method == "PUT" and response.status_code == 400


def has_a_text_that_grows(case, response):
    """Normalization (NFC) can make a text longer than it was sent."""
    if response.status_code != 400 or not isinstance(case.body, dict):
        return False
    wrong = response.json().get("fields", {})

    def grows(name, message):
        limit = re.search(r"Use at most ([0-9]+) characters", message)
        text = said(case.body, name)
        if limit is None or not isinstance(text, str):
            return False
        return len(text) <= int(limit[1]) < len(unicodedata.normalize("NFC", text))

    return bool(wrong) and all(grows(name, message) for name, message in wrong.items())


def said(body, name):
    """The text that an error is about, by the name of its input: `emails.0`, `addresses.1.city`."""
    value = body
    for part in name.split("."):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return value.get("value") if isinstance(value, dict) else value
