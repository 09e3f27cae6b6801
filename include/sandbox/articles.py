"""Articles, price lists and prices as Fortnox lists and shows them.

Articles: recorded answers; the list writes prices and quantities as text, the single record as numbers.
Price lists and prices: public API description. What ``/3/prices`` lists is described as a list and given the
schema of one record; here it is assumed to page through the same records as ``/3/prices/sublist`` does, those
of all articles in all price lists.
"""

from __future__ import annotations

from typing import Any

from sandbox.answers import kronor
from sandbox.books import Shelf, size_of
from sandbox.documents import Article, Price, PriceList
from sandbox.resource import API, Json, Resource, View, digits, modified_of


def _listed_article(_view: View, article: Article) -> Json:
    return {
        "@url": f"{API}/articles/{article.number}",
        "ArticleNumber": article.number,
        "Description": article.name,
        "DisposableQuantity": digits(article.stock),
        "EAN": "",
        "Housework": False,
        "PurchasePrice": digits(article.cost),
        "SalesPrice": digits(article.price) if article.price else None,
        "QuantityInStock": digits(article.stock),
        "ReservedQuantity": "0",
        "StockPlace": None,
        "StockValue": digits(article.stock * article.cost // 100),
        "Unit": article.unit or None,
        "VAT": None,
        "WebshopArticle": False,
    }


def _article(_view: View, article: Article) -> Json:
    return {
        "@url": f"{API}/articles/{article.number}",
        "ArticleNumber": article.number,
        "Bulky": False,
        "ConstructionAccount": 0,
        "Depth": 0,
        "Description": article.name,
        "DisposableQuantity": kronor(article.stock),
        "EAN": "",
        "EUAccount": 3108,
        "EUVATAccount": 3106,
        "ExportAccount": 3105,
        "Height": 0,
        "Housework": False,
        "HouseworkType": None,
        "Active": article.active,
        "Manufacturer": None,
        "ManufacturerArticleNumber": "",
        "Note": "",
        "PurchaseAccount": 4010,
        "PurchasePrice": kronor(article.cost),
        "QuantityInStock": kronor(article.stock),
        "ReservedQuantity": 0,
        "SalesAccount": article.account,
        "StockGoods": False,
        "StockPlace": None,
        "StockValue": kronor(article.stock * article.cost // 100),
        "StockWarning": 0,
        "SupplierName": None,
        "SupplierNumber": article.supplier or None,
        "Type": article.kind,
        "Unit": article.unit or None,
        "VAT": article.rate,
        "WebshopArticle": False,
        "Weight": 0,
        "Width": 0,
        "Expired": False,
        "SalesPrice": kronor(article.price) if article.price else None,
        "CostCalculationMethod": None,
        "StockAccount": None,
        "StockChangeAccount": None,
        "DirectCost": None,
        "FreightCost": None,
        "OtherCost": None,
        "DefaultStockPoint": None,
        "DefaultStockLocation": None,
    }


def _price_list(_view: View, prices: PriceList) -> Json:
    return {
        "@url": f"{API}/pricelists/{prices.number}",
        "Code": prices.number,
        "Comments": None,
        "Description": prices.name,
        "PreSelected": prices.preselected,
    }


def _listed_price(_view: View, price: Price) -> Json:
    return {
        "@url": f"{API}/prices/{price.price_list}/{price.article}/{price.from_quantity}",
        "ArticleNumber": price.article,
        "FromQuantity": price.from_quantity,
        "Price": kronor(price.price),
        "PriceList": price.price_list,
    }


def _price(view: View, price: Price) -> Json:
    return {
        **_listed_price(view, price),
        "Date": f"{price.modified:%Y-%m-%d %H:%M:%S}",
        "Percent": 0,
    }


def _prices_of(view: View, key: str) -> list[Price]:
    """Those of an article in a price list, or of all articles in it where none is named."""
    price_list, _, article = key.partition("/")
    return [
        price
        for price in view.company.prices.in_order()
        if price.price_list == price_list and article in {"", price.article}
    ]


def _price_key(key: str) -> str:
    """A price list and an article mean the article's first price there, from the quantity 0 on."""
    return key if key.count("/") == 2 else f"{key}/0"


def _articles(view: View) -> Shelf[str, Article]:
    return view.company.articles


ARTICLES: tuple[Resource[Any], ...] = (
    Resource[Article](
        "articles",
        "Articles",
        "Article",
        records=_articles,
        listed=_listed_article,
        single=_article,
        not_found=("Kan inte hitta artikeln.", 2000428),
        sorts={
            "articlenumber": size_of,
            "quantityinstock": lambda article: article.stock,
            "reservedquantity": lambda article: 0,
            "stockvalue": lambda article: article.stock * article.cost,
        },
        searches={
            "articlenumber": lambda article: article.number,
            "description": lambda article: article.name,
            "suppliernumber": lambda article: article.supplier,
        },
        filters={
            "active": lambda _view, article: article.active,
            "inactive": lambda _view, article: not article.active,
        },
        modified=modified_of,
    ),
    Resource[PriceList](
        "pricelists",
        "PriceLists",
        "PriceList",
        records=lambda view: view.company.price_lists,
        listed=_price_list,
        single=_price_list,
        not_found=("Kan inte hitta prislistan.", 2000430),
        modified=modified_of,
        last_modified="ignored",  # only assumed by clients
    ),
    Resource[Price](
        "prices",
        "Prices",
        "Price",
        records=lambda view: view.company.prices,
        listed=_listed_price,
        single=_price,
        not_found=("Kan inte hitta priset.", 2000430),
        shelf_key=_price_key,
        sorts={
            "articlenumber": lambda price: price.article,
            "pricelist": lambda price: price.price_list,
        },
        modified=modified_of,
        sublist=_prices_of,
    ),
)
