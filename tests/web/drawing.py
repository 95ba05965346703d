"""A tiny shop for the tests: garments drawn with a few polygons, and the file that lists them."""

import csv
from pathlib import Path

from PIL import Image, ImageDraw

COLOURS = {
    "red": (190, 40, 45),
    "blue": (45, 80, 170),
    "green": (50, 130, 70),
    "mustard": (210, 160, 45),
}
SHAPES = {
    "T-shirt": [(50, 60), (150, 60), (190, 110), (160, 130), (145, 115), (145, 220), (55, 220),
                (55, 115), (40, 130), (10, 110)],
    "Trousers": [(60, 30), (140, 30), (155, 230), (110, 230), (100, 90), (90, 230), (45, 230)],
    "Dress": [(75, 25), (125, 25), (125, 100), (180, 230), (20, 230), (75, 100)],
}  # fmt: skip
CATEGORIES = {"T-shirt": "Tops > T-shirts", "Trousers": "Trousers", "Dress": "Dresses"}
COLUMNS = (
    "id", "title", "brand", "category", "gender", "age_group", "colour", "price", "sale_price",
    "currency", "availability", "group_id", "link", "photos", "sleeve",
)  # fmt: skip


def draw_shop(folder: Path) -> Path:
    """24 products: two of each shape and colour, and some that tests look for by name."""
    (folder / "photos").mkdir(parents=True)
    rows = [
        product(folder, shape, colour, number)
        for shape in SHAPES
        for colour in COLOURS
        for number in (1, 2)
    ]
    change(rows, "t-shirt-red-2", availability="out_of_stock")
    change(rows, "dress-green-2", photos="")
    change(rows, "dress-red-1", title='Dress <3 "you" & co')
    change(rows, "trousers-blue-1", link="javascript:alert(1)")
    change(rows, "t-shirt-green-1", sale_price="19.90")
    for colour in ("red", "green", "mustard"):
        change(rows, f"trousers-{colour}-1", group_id="the-trousers")
    write(folder, rows)
    return folder


def product(folder: Path, shape: str, colour: str, number: int) -> dict[str, str]:
    name = f"{shape}-{colour}-{number}".lower()
    photos = [f"photos/{name}.jpg", f"photos/{name}-back.jpg"][: 3 - number]
    for turn, photo in enumerate(photos):
        draw(SHAPES[shape], COLOURS[colour], 4 * number + 9 * turn).save(folder / photo, quality=90)
    return {
        "id": name,
        "title": f"{colour.title()} {shape} no. {number}",
        "brand": "Fern & Field",
        "category": CATEGORIES[shape],
        "gender": "female" if shape == "Dress" else "unisex",
        "age_group": "adult",
        "colour": colour,
        "price": f"{20 + 5 * number}.90",
        "sale_price": "",
        "currency": "EUR",
        "availability": "in_stock",
        "group_id": "",
        "link": f"https://shop.example/{name}",
        "photos": ";".join(photos),
        "sleeve": "short" if shape == "T-shirt" else "",
    }


def draw(outline: list[tuple[int, int]], colour: tuple[int, int, int], shift: int) -> Image.Image:
    photo = Image.new("RGB", (240, 300), (250 - shift, 250 - shift, 248 - shift))
    points = [(x + 20 + shift, y + 20) for x, y in outline]
    ImageDraw.Draw(photo).polygon(points, fill=colour, outline=(30, 30, 30))
    return photo


def change(rows: list[dict[str, str]], product_id: str, **columns: str) -> None:
    next(row for row in rows if row["id"] == product_id).update(columns)


def write(folder: Path, rows: list[dict[str, str]]) -> None:
    with (folder / "catalogue.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
