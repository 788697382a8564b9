"""A plugin that pays twice, or does not know what it paid, is told so. And one that mistakes the vendor's refusals."""

from __future__ import annotations

import logging
import os

from acme_by_hand import AcmeProvider
from wrong import Wrong

from tarash.tarash_gateway.errors import (
    ConfigurationError,
    InvalidRequestError,
    InvalidResponseError,
    TarashError,
)


class Stubborn(AcmeProvider):
    """Tries again by itself."""

    async def call(self, method, path, timeout, body=None):
        try:
            return await super().call(method, path, timeout, body)
        except TarashError:
            return await super().call(method, path, timeout, body)


class Twice(AcmeProvider):
    async def generate_image_async(self, prepared, *, timeout):
        await super().generate_image_async(prepared, timeout=timeout)
        return await super().generate_image_async(prepared, timeout=timeout)


class Careless(AcmeProvider):
    """Says of everything that it was not billed."""

    async def call(self, method, path, timeout, body=None):
        try:
            return await super().call(method, path, timeout, body)
        except TarashError as error:
            error.billable, error.retryable = "no", False
            raise


class Costly(AcmeProvider):
    """Says so, and that core may try again."""

    async def call(self, method, path, timeout, body=None):
        try:
            return await super().call(method, path, timeout, body)
        except TarashError as error:
            error.billable, error.retryable = "no", True
            raise


class Timid(AcmeProvider):
    """Says of everything that it may have been billed."""

    async def call(self, method, path, timeout, body=None):
        try:
            return await super().call(method, path, timeout, body)
        except TarashError as error:
            error.billable = "unknown"
            raise


class Statusless(AcmeProvider):
    def refused(self, status, headers, content):
        error = super().refused(status, headers, content)
        error.status_code = None
        return error


class Hurried(AcmeProvider):
    """Knows no Retry-After."""

    def refused(self, status, headers, content):
        return super().refused(status, {}, content)


class Promptless(AcmeProvider):
    async def find_video_async(self, lost, *, timeout):
        found = await super().find_video_async(lost, timeout=timeout)
        return [job.model_copy(update={"asked": {}}) for job in found]


class OneForAll(AcmeProvider):
    def refused(self, status, headers, content):
        return InvalidRequestError("the vendor refused it: three legs are too many", status_code=status)


class Silent(AcmeProvider):
    def refused(self, status, headers, content):
        error = super().refused(status, headers, content)
        error.message = "the vendor refused it"
        return error


class OwnError(InvalidRequestError):
    def __init__(self, status, text):
        super().__init__(f"{status}: {text}", status_code=status)
        self.sending = lambda: status


class OwnErrors(AcmeProvider):
    def refused(self, status, headers, content):
        return OwnError(status, content)


class Prudish(AcmeProvider):
    """Knows nothing of moderation."""

    def refused(self, status, headers, content):
        return InvalidRequestError("refused", status_code=status)

    def status(self, answer, job):
        return super().status({**answer, "kind": None}, job)


class Talkative(AcmeProvider):
    """Shows the vendor's answer as it is."""

    def refused(self, status, headers, content):
        error = super().refused(status, headers, content)
        error.message, error.raw = str(content), {"fault": str(content)}
        return error

    def read(self, content, status):
        try:
            return super().read(content, status)
        except InvalidResponseError as error:
            error.message = str(content)
            raise

    def status(self, answer, job):
        received = super().status(answer, job)
        return type(received)(received.job.model_copy(update={"error_message": answer.get("why")}))


class Logging(AcmeProvider):
    async def call(self, method, path, timeout, body=None):
        logging.getLogger("acme").debug("POST %s with x-acme-key: %s", path, self.key)
        return await super().call(method, path, timeout, body)


FOUND_EARLY = os.environ.get("ACME_FILMS_KEY", "found-when-it-was-imported")


class Early(AcmeProvider):
    """Uses what was in the environment when it was imported."""

    def find_key(self):
        return FOUND_EARLY if self.config.api_key is None else super().find_key()


class Vague(AcmeProvider):
    def find_key(self):
        try:
            return super().find_key()
        except ConfigurationError:
            raise ConfigurationError("there is no key") from None


ONCE = "test_a_lost_answer_is_not_paid_for_twice"
REFUSAL = "test_a_refusal_becomes_the_error_that_its_status_means"
QUOTED = "test_an_answer_that_quotes_the_key_shows_it_nowhere"

WRONG = {
    "asks twice": Wrong(
        "test_a_good_call_is_one_creating_request", "2 creating requests were sent for one image call", Twice
    ),
    "tries again after a cut": Wrong(
        ONCE, "2 creating requests were sent for one image call", Stubborn, params={"fault": "cut"}
    ),
    "tries again after a 500": Wrong(
        ONCE,
        "2 creating requests were sent for one video call (POST /v2/films, POST /v2/films): the answer was lost (500)",
        Stubborn,
        params={"fault": "500", "kind": "video"},
    ),
    "lets core pay twice": Wrong(ONCE, 'Say billable="no" of a refusal only', Costly, params={"fault": "dropped"}),
    "thinks that a lost answer is free": Wrong(
        ONCE,
        "the answer to an image request was lost (cut), and ConnectionFailedError was raised",
        Careless,
        params={"fault": "cut"},
    ),
    "thinks that a page is free": Wrong(
        ONCE, "was lost (web page), and InvalidResponseError", Careless, params={"fault": "web page"}
    ),
    "loses the status": Wrong(
        ONCE,
        "the answer 502 to an image request became an error with status_code=None",
        Statusless,
        params={"fault": "502"},
    ),
    "gives jobs without their prompt": Wrong(
        "test_a_lost_job_is_found_in_the_vendors_list",
        "the answer to a submit was lost (dropped), 2 requests asked for the list, and UnconfirmedGenerationError",
        Promptless,
        params={"fault": "dropped"},
    ),
    "thinks that a refusal may be billed": Wrong(
        "test_a_refused_request_is_sent_again",
        "after one answer 503 to an image request, 1 were sent and UnconfirmedGenerationError",
        Timid,
        params={"status": 503},
    ),
    "does not read Retry-After": Wrong(
        "test_a_refusal_that_stays_is_not_billed",
        "a 429 with Retry-After: 7 to an image request",
        Hurried,
        params={"status": 429, "expected": TarashError},
    ),
    "thinks that a closed door may be billed": Wrong(
        "test_a_vendor_that_is_not_reached_bills_nothing", "nobody listens at http://127.0.0.1:", Timid
    ),
    "has one error for all": Wrong(
        REFUSAL,
        "the answer 401 to an image request: InvalidRequestError was raised",
        OneForAll,
        params={"status": 401},
    ),
    "says nothing of the vendor's words": Wrong(
        REFUSAL, "the error says: the vendor refused it", Silent, params={"status": 422}
    ),
    "has errors that do not travel": Wrong(
        "test_errors_survive_a_pickle", "OwnError was pickled, and AttributeError", OwnErrors
    ),
    "does not know moderation": Wrong(
        "test_moderation_is_told_as_moderation",
        "moderation refused an image request: InvalidRequestError was raised: refused",
        Prudish,
    ),
    "does not know moderation of a job": Wrong(
        "test_a_job_that_moderation_ended_says_so", "moderation ended a job: GenerationFailedError", Prudish
    ),
    "shows the key in an error": Wrong(
        QUOTED,
        "the vendor's answer (401) quoted the key, and the key shows in the message, raw, the traceback",
        Talkative,
        params={"answer": "401"},
    ),
    "shows the key of a page": Wrong(
        QUOTED, "(web page) quoted the key, and the key shows in the message", Talkative, params={"answer": "web page"}
    ),
    "shows the key in a job": Wrong(
        "test_a_failed_job_that_quotes_the_key_shows_it_nowhere", "the key shows in the message", Talkative
    ),
    "logs the key": Wrong(
        "test_a_key_shows_nowhere_when_all_goes_well", "all went well, and the key shows in the log", Logging
    ),
    "reads the environment too early": Wrong(
        "test_the_key_of_the_environment_is_read_when_a_call_is_made",
        "ACME_FILMS_KEY held a key and the config none",
        Early,
    ),
    "does not say which variable": Wrong(
        "test_a_missing_key_is_told_with_the_variable_to_set",
        "there was no key, 0 requests were sent, and ConfigurationError was raised: there is no key",
        Vague,
    ),
}
