"""The page: whole, by itself, and deaf to what a prompt or a file name would like it to do."""

import base64
import hashlib
import html
import json
import re
from importlib.resources import files

import pytest

from tarash_gateway_cli.gallery import make_gallery
from tarash_gateway_cli.gallery.page import as_json

EVIL = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]>",
    "\u2028\u2029",
    "{{title}} {{page.js}} {{entries}}",
    "\\u003c/script> \\",
    "\ud83d alone",
]


@pytest.fixture
def page(tmp_path, hang):
    hang("a.png", prompt="A lighthouse", model="gpt-image-2", cost=0.04)
    return make_gallery(tmp_path, title="Autumn").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", EVIL)
def test_json_inside_a_script_element_stays_there(text):
    written = as_json({text: [text]})

    assert json.loads(written) == {text: [text]}
    assert written.isascii()
    assert not set("<>\u2028") & set(written)


@pytest.mark.parametrize("text", EVIL)
def test_a_prompt_cannot_get_out_of_its_block(text, hang, gallery):
    hang("a.png", prompt=text, model=text, parameters={text: text}, warnings=[text], adjustments=[{text: text}])

    item = gallery()[0]["a.png"]

    if text.strip():
        assert (item["prompt"], item["model"]) == (text, text)
    assert (item["parameters"], item["warnings"]) == ({text: text}, [text])


def test_a_title_is_text(tmp_path):
    page = make_gallery(tmp_path, title="<b>&\"' {{entries}}").read_text(encoding="utf-8")

    assert page.count("&lt;b&gt;&amp;&quot;&#x27; {{entries}}") == 2
    assert "<b>" not in page


def test_the_folder_gives_the_title(tmp_path):
    folder = tmp_path / "Spring & summer"
    folder.mkdir()

    assert "<title>Spring &amp; summer</title>" in make_gallery(folder).read_text(encoding="utf-8")


def test_the_page_refers_to_nothing_elsewhere(page):
    assert not re.findall(r"https?:|//[a-z]|@import|url\(", page)
    assert re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"([^\"]*)", page) == ["data:,"]


def test_only_the_scripts_and_styles_of_this_package_may_run(page):
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    policy = html.unescape(policy)

    inlined = re.findall(r"<script>(.*?)</script>|<style>(.*?)</style>", page, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256("".join(item).encode()).digest()).decode() for item in inlined]
    assert len(inlined) == 11
    assert all(f"'sha256-{digest}'" in policy for digest in digests)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


@pytest.mark.parametrize("name", [each.name for each in files("tarash_gateway_cli.gallery").iterdir()])
def test_a_part_of_the_page_would_not_end_its_own_element(name):
    if name.endswith((".js", ".css")):
        text = files("tarash_gateway_cli.gallery").joinpath(name).read_text(encoding="utf-8")
        assert not re.search(r"</script|</style|<!--|\{\{", text)
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", text)


def test_a_gallery_of_nothing_is_a_page_too(gallery):
    assert gallery() == ({}, [])
