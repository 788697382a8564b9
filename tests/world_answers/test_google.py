"""Google's plugin, against the answers that real servers give."""

CASES = "GOOGLE"
ROLES = (
    ("POST", r":(stream)?[gG]enerateContent$", "image"),
    ("POST", r"/interactions$", "submit"),
    ("GET", r"/interactions/[^/]+$", "poll"),
    ("GET", r"/files/[^/]+:download$", "content"),
)


def config(kind, world, **settings):
    return kind(
        provider="google",
        model="of-the-tests",
        api_key="AIza-of-the-tests-0123456789",
        base_url=world.base,
        **settings,
    )


def test_answer(case, outcome):
    case.check(outcome)
