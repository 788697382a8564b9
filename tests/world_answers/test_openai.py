"""OpenAI's plugin, against the answers that real servers give."""

CASES = "OPENAI"
ROLES = (
    ("POST", r"/images/(generations|edits)$", "image"),
    ("POST", r"/videos$", "submit"),
    ("GET", r"/videos/[^/]+/content$", "content"),
    ("GET", r"/videos/[^/]+$", "poll"),
)


def config(kind, world, **settings):
    return kind(
        provider="openai",
        model="acme-of-the-tests",
        api_key="sk-of-the-tests-0123456789",
        base_url=f"{world.base}/v1",
        **settings,
    )


def test_answer(case, outcome):
    case.check(outcome)
