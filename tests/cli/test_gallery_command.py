"""`tarash gallery`: one page of what the other commands have saved."""


def test_the_page_of_a_folder_is_made(typed, at_sandbox, folder):
    typed("image", "A harbour at night", "-o", "harbour.png", "-m", "gpt-image-2", *at_sandbox)
    done = typed("gallery", ".", "--title", "Harbours")
    assert done.code == 0, done.err
    page = folder / done.out.strip()
    text = page.read_text(encoding="utf-8")
    assert "Harbours" in text
    assert "A harbour at night" in text


def test_with_json_there_is_its_path(typed, at_sandbox, folder):
    typed("image", "A harbour at night", "-o", "harbour.png", "-m", "gpt-image-2", *at_sandbox)
    assert (folder / typed("gallery", ".", "--json").reported["path"]).is_file()


def test_a_folder_that_is_not_there_is_an_error(typed):
    done = typed("gallery", "nowhere")
    assert done.code != 0
    assert done.err.startswith("error: ")
    assert "Traceback" not in done.err
