import re


def shown(answer):
    return re.findall(r'href="/products/([\w-]+)["?#]', answer.get_data(as_text=True))


def test_words_change_the_panel_of_a_product_and_stay_in_the_form(texts):
    answer = texts.get("/products/t-shirt-red-1?but=in+green")
    page = answer.get_data(as_text=True)
    assert 'name="but"' in page and 'value="in green"' in page
    panel = texts.get("/panel/t-shirt-red-1?but=in+green")
    found = set(shown(panel))
    assert "t-shirt-green-1" in found
    assert not {one for one in found if "green" not in one and one != "t-shirt-red-1"}


def test_what_cannot_be_compared_or_is_not_known_is_said(texts):
    longer = texts.get("/products/t-shirt-red-1?but=longer").get_data(as_text=True)
    assert "This has no length to compare with." in longer
    unknown = texts.get("/products/t-shirt-red-1?but=qqqqzzzz").get_data(as_text=True)
    assert "Nothing in the shop matches “qqqqzzzz”." in unknown


def test_a_price_that_contradicts_the_chosen_one_is_said(texts):
    answer = texts.get("/products/t-shirt-red-1?but=under+20&price_from=30")
    assert answer.status_code == 200
    assert "change one of them" in answer.get_data(as_text=True)


def test_without_texts_colours_work_and_other_words_are_declined(client):
    assert client.get("/products/t-shirt-red-1?but=in+green").status_code == 200
    other = client.get("/products/t-shirt-red-1?but=no").get_data(as_text=True)
    assert "This shop cannot look for that" in other


def test_a_text_that_is_too_long_is_a_400(texts):
    assert texts.get("/products/t-shirt-red-1", query_string={"but": "x" * 201}).status_code == 400
