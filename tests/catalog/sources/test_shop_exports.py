"""Product exports of WooCommerce, Magento 2, PrestaShop and BigCommerce, read from small files."""

from decimal import Decimal

import pytest

from catalog.errors import SourceError
from catalog.ingest.run import ingest
from catalog.records import Availability, ProductRecord, Rejection
from catalog.sources import open_source

WOO = """ID,Type,SKU,Name,Published,Visibility in catalog,Date sale price starts,\
Date sale price ends,In stock?,Sale price,Regular price,Categories,Images,Parent,\
Attribute 1 name,Attribute 1 value(s),Attribute 2 name,Attribute 2 value(s)
1,simple,S1,Tee,1,visible,,,1,15,20,"Clothing > Tees\\, tanks, Sale",\
"https://s.example/a.jpg, https://s.example/b.jpg",,Color,"Red, Blue",Fabric,Cotton
2,variable,V,Hood,1,visible,,,1,,,Clothing > Hoods,https://s.example/c.jpg,,Color,"Blue, Red",,
3,variation,V-B-S,Hood,1,visible,,,0,,45,,https://s.example/cb.jpg,V,Color,Blue,Size,S
4,variation,V-B-M,Hood,1,visible,,,1,,46,,https://s.example/cb.jpg,id:2,Color,Blue,Size,M
5,variation,V-R,Hood,1,visible,,,backorder,,45,,https://s.example/cr.jpg,id:2,Color,Red,Size,S
6,variation,V-G,Hood,0,visible,,,1,,45,,https://s.example/cg.jpg,id:2,Color,Green,Size,S
7,simple,D,Draft,-1,visible,,,1,,9,,,,,,,
8,simple,P,Private,0,visible,,,1,,9,,,,,,,
9,simple,H,Hidden,1,hidden,,,1,,9,,,,,,,
10,simple,F,Future,1,visible,2090-01-01,2090-02-01,1,5,9,,,,,,,
11,simple,G,Going on,1,visible,2020-01-01,,1,5,9,,,,,,,
12,variation,X,Lost,1,visible,,,1,,9,,,id:99,Color,Red,,
13,variable,E,Empty,1,visible,,,1,,,,,,,,,
"""
GERMAN = """ID,Typ,Artikelnummer,Name,Veröffentlicht,Vorrätig?,Angebotspreis,Regulärer Preis,\
Kategorien,Bilder,Attribut 1 Name,Attribut 1 Wert(e)
1,simple,T,Tee,1,1,15,20,Kleidung > Hemden,https://s.example/a.jpg,Farbe,Rot
"""
FRENCH = """ID,Type,UGS,Nom,Publié,"En stock ?",Tarif promo,Tarif régulier,Catégories,Images,\
Nom de l'attribut 1,Valeur(s) de l'attribut 1
1,simple,T,Tee,1,0,"15,5","20,5",Vêtements > Hauts,https://s.example/a.jpg,Couleur,Rouge
"""
MAGENTO = """sku,store_view_code,attribute_set_code,product_type,categories,name,description,\
product_online,visibility,price,special_price,special_price_from_date,base_image,\
additional_images,additional_attributes,is_in_stock,configurable_variations
T,,Top,configurable,"Root/Women/Tops,Root/Sale",Tank,<p>x</p>,1,"Catalog, Search",,,,/t/m.jpg,\
"/t/m.jpg,/t/b.jpg","color=White,pattern=Solid, striped",1,\
"sku=T-W,size=S,color=White|sku=T-B,size=S,color=Black|sku=T-X,size=S,color=Red"
T-W,,,simple,Root/Women,Tank W,,1,Not Visible Individually,34.000000,24.000000,1/1/20,/t/w.jpg,,\
"color=White,size=S",1,
T-B,,,simple,Root/Women,Tank B,,1,Not Visible Individually,34.000000,24.000000,1/1/60,/t/k.jpg,,\
"color=Black,size=S",0,
T-X,,,simple,Root/Women,Tank X,,2,Not Visible Individually,34.000000,,,/t/x.jpg,,,1,
T,de,,,,Hemd,,,,,,,,,,,
O,,Top,simple,Root/Men,Single,,1,"Catalog, Search",9.9900,,,,,"color=Red|Blue,manufacturer=Ours",1,
L,,Top,simple,Root/Men,Alone,,1,Not Visible Individually,9.99,,,,,,1,
"""
PRESTA = """Product ID;Image;Name;Reference;Category;Price (tax excl.);Price (tax incl.);\
Quantity;Status;Position
1;https://s.example/1.jpg;Shirt;d1;Men;€23.90;€1,028.92;300;1;
2;;Off;d2;Women;€23.90;€28.92;0;0;
"""
IMPORTED = """Product ID;Active (0/1);Name *;Categories (x,y,z...);Price tax excluded;\
Price tax included;Discount amount;Discount percent;Discount from (yyyy-mm-dd);\
Discount to (yyyy-mm-dd);Quantity;Image URLs (x,y,z...)
1;1;Dress;Home,Women,Dresses;16.40;;;;;;10;https://s.example/1.jpg,https://s.example/2.jpg
2;1;Skirt;Women;10;12.00;2;;2020-01-01;;0;
3;1;Shoe;Women;10;20;;50;2090-01-01;;1;
"""
BIG = """Item Type,Product ID,Product Name,Product Code/SKU,Price,Sale Price,\
Current Stock Level,Track Inventory,Product Visible?,Category,Product Image File - 1,\
Product Image File - 2
Product,1,Shirt,LS,30.00,25.00,0,by product,Y,Shop All;Clothing/Shirts,l1.jpg,l2.jpg
  SKU,7,"[RT]Colour=Red,[RT]Size=M",LS-R,,,1,,,,,
  SKU,8,"[RT]Colour=Blue,[RT]Size=L",LS-B,,,1,,,,,
  Rule,9,,LS-R,[FIXED]32,,,,,,,
Product,2,Hidden,HS,30.00,0.00,,,N,Shop All,h.jpg,
Product,3,Plain,PS,30.00,0.00,,,Y,Shop All,p.jpg,
"""


def read(path, text):
    path.write_text(text.replace("\\\n", ""))
    source = open_source(path)
    entries = list(source.records())
    products = {e.product_id: e for e in entries if isinstance(e, ProductRecord)}
    rejected = {e.product_id: e.code for e in entries if isinstance(e, Rejection)}
    return source.format, products, rejected


def test_woocommerce(tmp_path):
    format, products, rejected = read(tmp_path / "f.csv", WOO)
    assert format == "woocommerce-csv"
    assert rejected == dict.fromkeys(("7", "8", "9", "13"), "not_sold") | {"12": "value"}
    assert sorted(products) == ["1", "10", "11", "2~blue", "2~red"]
    tee = products["1"]
    assert (tee.price, tee.sale_price, tee.colour) == (20, 15, "red/blue")
    assert tee.category == ("Clothing", "Tees, tanks") and len(tee.photos) == 2
    assert (tee.attributes["Fabric"], tee.attributes["sku"]) == ("Cotton", "S1")
    blue, red = products["2~blue"], products["2~red"]
    assert (blue.group_id, blue.colour, blue.price, blue.photos) == (
        "2",
        "blue",
        46,
        ("https://s.example/cb.jpg",),
    )
    assert (red.group_id, red.availability) == ("2", Availability.BACKORDER)
    assert products["10"].sale_price is None and products["11"].sale_price == 5


@pytest.mark.parametrize(
    ("text", "price", "sale", "category", "state"),
    [
        (GERMAN, "20", "15", ("Kleidung", "Hemden"), Availability.IN_STOCK),
        (FRENCH, "20.5", "15.5", ("Vêtements", "Hauts"), Availability.OUT_OF_STOCK),
    ],
)
def test_woocommerce_in_other_languages(tmp_path, text, price, sale, category, state):
    format, products, _ = read(tmp_path / "f.csv", text)
    tee = products["1"]
    assert (format, tee.category, tee.colour) == ("woocommerce-csv", category, "red")
    assert (tee.price, tee.sale_price, tee.availability) == (Decimal(price), Decimal(sale), state)
    assert tee.photos == ("https://s.example/a.jpg",)


def test_magento(tmp_path):
    format, products, rejected = read(tmp_path / "f.csv", MAGENTO)
    assert (format, rejected) == ("magento-csv", {"L": "not_sold"})
    assert sorted(products) == ["O", "T~black", "T~white"]
    white, black, single = products["T~white"], products["T~black"], products["O"]
    assert (white.title, white.category, white.group_id) == ("Tank", ("Women", "Tops"), "T")
    assert (white.price, white.sale_price, white.photos) == (34, 24, ("t/w.jpg",))
    assert (black.sale_price, black.availability) == (None, Availability.OUT_OF_STOCK)
    assert (white.attributes["pattern"], white.attributes["description"]) == ("Solid, striped", "x")
    assert (single.colour, single.brand, single.price) == ("red/blue", "Ours", Decimal("9.99"))


def test_prestashop(tmp_path):
    format, products, rejected = read(tmp_path / "f.csv", PRESTA)
    assert (format, rejected, list(products)) == ("prestashop-csv", {"2": "not_sold"}, ["1"])
    assert (products["1"].price, products["1"].currency) == (Decimal("1028.92"), "EUR")
    format, products, _ = read(tmp_path / "i.csv", IMPORTED)
    dress, skirt, shoe = products.values()
    assert format == "prestashop-csv" and dress.category == ("Women", "Dresses")
    assert (dress.price, len(dress.photos)) == (Decimal("16.40"), 2)
    assert (skirt.price, skirt.sale_price, skirt.availability) == (12, 10, "out_of_stock")
    assert (shoe.price, shoe.sale_price) == (20, None)


def test_bigcommerce(tmp_path):
    format, products, rejected = read(tmp_path / "f.csv", BIG)
    assert (format, rejected) == ("bigcommerce-csv", {"2": "not_sold"})
    shirt, plain = products["1"], products["3"]
    assert (shirt.price, shirt.sale_price, shirt.colour) == (30, 25, "red/blue")
    assert (shirt.category, shirt.photos) == (("Clothing", "Shirts"), ("l1.jpg", "l2.jpg"))
    assert (shirt.availability, shirt.attributes["Size"]) == ("out_of_stock", "M, L")
    assert (plain.price, plain.sale_price, plain.availability) == (30, None, "in_stock")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("sku,_store,_attribute_set,_type,_category,name", "Magento 1"),
        ("Item,ID,Name,Type,SKU,Options,Inventory Tracking,Price", "BigCommerce's newer format"),
    ],
)
def test_a_version_that_is_not_known_is_refused_by_name(tmp_path, header, name):
    (tmp_path / "f.csv").write_text(f"{header}\n")
    with pytest.raises(SourceError, match=f"{name}.*is not read"):
        open_source(tmp_path / "f.csv")
    (tmp_path / "g.csv").write_text("id,title\n")
    with pytest.raises(SourceError, match="does not have the columns of Magento 2"):
        open_source(tmp_path / "g.csv", "magento-csv")


def test_a_sync_retires_what_the_shop_hides(db, tmp_path, catalog_settings):
    path = tmp_path / "f.csv"
    for text in (WOO, WOO.replace("1,simple,S1,Tee,1,", "1,simple,S1,Tee,-1,")):
        path.write_text(text.replace("\\\n", "").replace("12,variation", "12,grouped"))
        report = ingest(db, open_source(path), sync=True, settings=catalog_settings)
    assert (report.retired, report.updated) == (1, 0)
